"""Files with a secret in them, and files of which nothing is secret, as teams keep them in Git.

`{s}` stands where the secret does: a password that looks like any word (`WORD`), or a generated one (`RANDOM`).
"""

from __future__ import annotations

import base64

WORD = "hunter2-not-to-be-seen"
RANDOM = "Zb3kQ9xPv7Lm2Rt8Wn4YcD6f"
BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" + "Kq7Zb3kQ9xPv7Lm2Rt8Wn4YcD6fGhJ1s" * 2


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_PEM = "-----BEGIN {}PRIVATE KEY-----\n{}\n-----END {}PRIVATE KEY-----\n"


def _indented(text: str, by: str) -> str:
    return "".join(f"{by}{line}\n" for line in text.splitlines())


SECRET_FORMS: dict[str, tuple[str, str]] = {
    # Where it stands in a manifest.
    "stringData": ("kind: Secret\nstringData:\n  a: {s}\n", WORD),
    "data of a Secret": ("kind: Secret\ndata:\n  a: {s}\n", _base64(WORD)),
    "a list of Secrets": ("kind: List\nitems:\n- kind: Secret\n  stringData: {{a: '{s}'}}\n", WORD),
    "a JSON6902 patch in a file": ("- op: add\n  path: /stringData/a\n  value: {s}\n", WORD),
    "a JSON6902 patch of all data": ("- op: replace\n  path: /data\n  value:\n    a: {s}\n", WORD),
    "a JSON6902 patch of a key": ("- {{op: add, path: /spec/adminPassword, value: {s}}}\n", WORD),
    "a JSON6902 patch in JSON": ('[{{"op": "add", "path": "/stringData/a", "value": "{s}"}}]\n', WORD),
    "a patch in a kustomization": (
        "patches:\n- target: {{kind: Secret}}\n  patch: |-\n    - op: add\n      path: /stringData/a\n      value: {s}\n",
        WORD,
    ),
    "a patch in quotes": (
        'patches:\n- patch: \'[{{"op": "add", "path": "/data/a", "value": "{s}"}}]\'\n  target: {{kind: Secret}}\n',
        WORD,
    ),
    "a merge patch in a kustomization": (
        "patches:\n- patch: |\n    kind: Secret\n    metadata: {{name: a}}\n    stringData:\n      a: {s}\n",
        WORD,
    ),
    "a patch of an environment": ("- op: replace\n  path: /spec/containers/0/env/2/value\n  value: {s}\n", WORD),
    "a literal of a generator": ("secretGenerator:\n- name: a\n  literals:\n  - plain={s}\n", WORD),
    "a literal of a ConfigMap": ("configMapGenerator:\n- name: a\n  literals:\n  - DB_PASSWORD={s}\n", WORD),
    "an environment variable": ("env:\n- name: PLAIN\n  value: {s}\n", WORD),
    "a parameter of Helm": ("helm:\n  parameters:\n  - name: auth.password\n    value: {s}\n", WORD),
    "values of Helm as text": ("helm:\n  values: |\n    auth:\n      password: {s}\n", WORD),
    "folded values of Helm": ('helm:\n  values: "auth:\\n  password: {s}\\n"\n', WORD),
    "values of a HelmRelease": ("kind: HelmRelease\nspec:\n  values:\n    global:\n      clientSecret: {s}\n", WORD),
    "values in values": ("values: |\n  extra: |\n    db:\n      passphrase: {s}\n", WORD),
    "a substitution of Flux": ("postBuild:\n  substitute:\n    db_password: {s}\n", WORD),
    "a connection parameter": ("connectionParameters:\n  host: db\n  sslpassword: {s}\n", WORD),
    "post-init SQL": ("initdb:\n  postInitApplicationSQL:\n  - ALTER ROLE app PASSWORD '{s}'\n", WORD),
    # By its key.
    "clientSecret": ("oidc:\n  clientSecret: {s}\n", WORD),
    "client_secret": ("oidc:\n  client_secret: {s}\n", WORD),
    "apiKey": ("s3:\n  apiKey: {s}\n", WORD),
    "API-KEY": ("headers:\n  X-API-KEY: {s}\n", WORD),
    "token": ("bot:\n  token: {s}\n", WORD),
    "passphrase": ("gpg:\n  passphrase: {s}\n", WORD),
    "encryption key": ("backup:\n  encryptionKey: {s}\n", WORD),
    "a list of passwords": ("passwords:\n- {s}\n", WORD),
    "client-key-data of a kubeconfig": ("users:\n- user:\n    client-key-data: {s}\n", _base64(BODY)),
    "a registry's login": ('{{"auths": {{"ghcr.io": {{"auth": "{s}"}}}}}}\n', _base64(f"u:{WORD}")),
    "dockerconfigjson in an annotation": (
        "metadata:\n  annotations:\n    x: '{s}'\n",
        _base64('{"auths": {"ghcr.io": {"auth": "dXNlcjpwYXNzd29yZA=="}}}'),
    ),
    # In files of other programs.
    "a .netrc": ("machine git.example.com login deploy password {s}\n", WORD),
    "a .netrc on lines": ("machine git.example.com\n  login deploy\n  password {s}\n", WORD),
    "a .netrc in a ConfigMap's text": ("files:\n  netrc: |\n    machine a login b password {s}\n", WORD),
    "a .pgpass": ("db.example.com:5432:app:app:{s}\n", WORD),
    "a .pgpass for all": ("*:*:*:app:{s}\n", WORD),
    "a .pgpass as text": ("files:\n  conf: |\n    db:5432:*:app:{s}\n", WORD),
    "an .env": ("HOST=db\nexport PGPASSWORD={s}\n", WORD),
    "an .env in quotes": ("CLIENT_SECRET='{s}'\n", WORD),
    "an .ini": ("[db]\npassword = {s}\n", WORD),
    "a password file": ("app:{s}\n", "$2y$05$Zb3kQ9xPv7Lm2Rt8Wn4YcOZb3kQ9xPv7Lm2Rt8Wn4YcD6fGhJ1s2"),
    "SQL": ("ALTER ROLE app WITH LOGIN ENCRYPTED PASSWORD '{s}';\n", WORD),
    "SQL in a ConfigMap's text": ("files:\n  a.sql: |\n    CREATE USER app PASSWORD '{s}';\n", WORD),
    "SQL with an escape": ("CREATE ROLE app PASSWORD E'{s}';\n", WORD),
    "SQL in dollars": ("CREATE ROLE app PASSWORD $${s}$$;\n", WORD),
    "a user mapping": ("CREATE USER MAPPING FOR a SERVER b OPTIONS (user 'a', password '{s}');\n", WORD),
    "a connection string": ("dsns:\n  main: host=db user=app password={s}\n", WORD),
    "an address": ("url: postgres://app:{s}@db:5432/app\n", WORD),
    "an argument": ("args:\n- --set=auth.password={s}\n", WORD),
    # Where it is overlooked.
    "a file that does not parse": ("{{{{ if .x }}}}\nstringData:\n  a: {s}\n{{{{ end }}}}\n", WORD),
    "a key in one that does not parse": ("a: [\nclientSecret: {s}\n", WORD),
    "a patch in one that does not parse": ("a: [\n- op: add\n  path: /data/a\n  value: {s}\n", WORD),
    "stringData that is commented out": ("a: 1\n# stringData:\n#   a: {s}\n", WORD),
    "data that is commented out in place": ("kind: Secret\n#data:\n#  a: {s}\n#  b: x\n", WORD),
    "a block that is commented out": ("# stringData:\n#   conf: |\n#     one\n#     {s}\na: 1\n", WORD),
    "a comment behind a value": ("a: 1 # was clientSecret: {s}\n", WORD),
    "a comment behind a secret": ("password: x # before: password={s}\n", WORD),
    # By its looks.
    "a private key": ("a: |\n" + _indented(_PEM.format("", "{s}", ""), "  "), BODY),
    "a private key of ssh in a file": (_PEM.format("OPENSSH ", "{s}", "OPENSSH "), BODY),
    "an encrypted private key in a comment": (_indented(_PEM.format("ENCRYPTED ", "{s}", "ENCRYPTED "), "# "), BODY),
    "a private key on one line": ('a: "-----BEGIN RSA PRIVATE KEY-----\\n{s}\\n-----END RSA PRIVATE KEY-----"\n', BODY),
    "a private key in base64": ("a: {s}\n", _base64(_PEM.format("", BODY, ""))),
    "a private key of PGP": ("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{s}\n-----END PGP PRIVATE KEY BLOCK-----\n", BODY),
    "an age key": ("# created: 2026-01-01\nkeys:\n- {s}\n", "AGE-SECRET-KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" * 2),
    "a token of GitHub": ("note: {s}\n", "ghp_" + "a1B2" * 9),
    "a token of GitLab": ("note: {s}\n", "glpat-" + "a1B2" * 5),
    "an access key of AWS": ("note: {s}\n", "AKIA" + "IOSFODNN7EXAMPLE"),
    "a secret key of AWS": ("note: {s}\n", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzQ9kT4vW2nL"),
    "a token that is signed": ("note: {s}\n", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.Zb3kQ9xPv7Lm2Rt8Wn4Y"),
    "a generated word": ("note: {s}\n", RANDOM),
    "random bytes in base64": ("note: {s}\n", "q83vEjRWeJq83vASNFZ4mrze8BI0VniavN7wEjRWeJo="),
    "a key that is one": ("labels:\n  {s}: x\n", RANDOM),
    "a verifier": ("note: {s}\n", "SCRAM-SHA-256$4096:c2FsdHNhbHQ=$c3RvcmVk:c2VydmVy"),
}  # fmt: skip

_HEX = "0123456789abcdef" * 4
_CERTIFICATE = f"-----BEGIN CERTIFICATE-----\n{BODY}\n-----END CERTIFICATE-----\n"
_ENC = "ENC[AES256_GCM,data:Zb3kQ9xPv7Lm2Rt8Wn4YcD6f,iv:q83vEjRWeJq83vASNFZ4mg==,tag:vN7wEjRWeJq83vASNFZ4mg==,type:str]"

PUBLIC_FORMS: dict[str, str] = {
    "a sync option of Argo CD": "    argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true\n",
    "an expression of a workflow": "          GH_TOKEN: ${{ github.token }}\n",
    "names of Secrets with certificates": "certificates:\n  serverTLSSecret: db-tls-2026\n  clientCASecret: db-ca-2\n",
    "an image with its digest": f"image: ghcr.io/cloudnative-pg/postgresql:18.4@sha256:{_HEX}\n",
    "a commit": f"revision: {_HEX[:40]}\n",
    "a commit of SHA-256": f"lastAppliedRevision: main@sha256:{_HEX}\n",
    "a UUID": "uid: 3f2a8c1e-9b4d-4e7f-a1c2-5d6e7f8a9b0c\n",
    "a certificate": "caBundle: |\n" + _indented(_CERTIFICATE, "  "),
    "a certificate in a file": _CERTIFICATE,
    "a certificate in base64": f"caBundle: {_base64(_CERTIFICATE)}\n",
    "a certificate in a Secret": "kind: Secret\nstringData:\n  ca.crt: |\n" + _indented(_CERTIFICATE, "    "),
    "a public key": f"key: |\n  -----BEGIN PUBLIC KEY-----\n  {BODY}\n  -----END PUBLIC KEY-----\n",
    "a public key of ssh": "key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@host\n",
    "a fingerprint": "# SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8\na: 1\n",
    "a value that sops encrypted": f"stringData:\n  password: {_ENC}\nsops:\n  mac: {_ENC}\n",
    "a recipient of age": "sops:\n  age:\n  - recipient: age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kdxtg5vqq0a2d3f\n",
    "what age encrypted": f"enc: |\n  -----BEGIN AGE ENCRYPTED FILE-----\n  {BODY}\n  -----END AGE ENCRYPTED FILE-----\n",
    "what PGP encrypted": f"enc: |\n  -----BEGIN PGP MESSAGE-----\n\n  {BODY}\n  -----END PGP MESSAGE-----\n",
    "a reference to a Secret": "passwordSecret:\n  name: app-password\n",
    "a reference by name and key": "password:\n  name: orders-app\n  key: password\n",
    "credentials of a store": "s3Credentials:\n  secretAccessKey: {name: aws-creds, key: ACCESS_SECRET_KEY}\n",
    "a Secret's name": "secretName: orders-app\nexistingSecret: orders-db-app\n",
    "a Secret of a bootstrap": "initdb:\n  secret: {name: orders-app}\n",
    "Secrets for images": "imagePullSecrets:\n- name: regcred\n",
    "a remote reference": "remoteRef:\n  key: prod/orders/db\n  property: password\n",
    "a reference to an environment": "env:\n- name: A\n  valueFrom: {secretKeyRef: {name: app, key: token}}\n",
    "a parameter of PostgreSQL": "parameters:\n  password_encryption: scram-sha-256\n",
    "a switch": "disablePassword: true\nautomountServiceAccountToken: false\n",
    "a variable": "auth:\n  password: ${DB_PASSWORD}\n",
    "a template": 'auth:\n  password: "{{ .Values.db.password }}"\n',
    "a path of a token": "serviceAccountToken:\n  path: token\n  expirationSeconds: 3600\n",
    "a long name": "name: PodMonitorMetricRelabelingsForPostgreSQL18\n",
    "a path": "path: clusters/prod/shop-frontend/PostgreSQL18/kustomization.yaml\n",
    "a role of AWS": "role: arn:aws:iam::123456789012:role/EKSNodeRole-1A2B3C4D5E6F7\n",
    "an address without a login": "url: https://git.example.com/org/fleet.git\nssh: ssh://git@example.com/org/fleet.git\n",
    "a pod": "pod: orders-db-7d9f8b6c5d-x2x9z\n",
    "a checksum of a chart": f"digest: sha256:{_HEX}\nchecksum/config: {_HEX}\n",
    "an integrity hash": "integrity: sha512-Zb3kQ9xPv7Lm2Rt8Wn4YcD6fZb3kQ9xPv7Lm2Rt8Wn4YcD6fZb3kQ9xPv7Lm2Rt8Wn4Y==\n",
    "a time and a size": "at: 2027-01-31T00:00:00Z\nsize: 100Gi\nschedule: 0 30 2 * * *\n",
    "prose": "# The password of the role is in Vault; a token is not needed.\na: 1\n",
    "a hardware address": "mac: 00:16:3e:5e:6c:00\nipv6: 2001:db8:85a3::8a2e:370:7334\n",
}  # fmt: skip
