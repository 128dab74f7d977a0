"""No answer came: why, and what to look at. Most of what fails here is VPN, proxy or a stopped cluster.

A write whose answer is lost may have been done all the same, unless nothing can have left this machine.
"""

from __future__ import annotations

from gitops_mcp.adapters.kube.answers import UNKNOWN, OutcomeUnknown
from gitops_mcp.adapters.kube.asked import ApiRequest
from gitops_mcp.domain.names import one_line
from gitops_mcp.errors import Unavailable


def unreachable_error(error: Exception, server: str, *, asked: ApiRequest, timeout: float) -> Unavailable:
    import ssl

    from urllib3 import exceptions

    server = server.rpartition("@")[2]
    cause = _root_cause(error)
    lost = asked.writes and not _before_sending(error)
    match error:
        case exceptions.ProxyError():
            what = (
                f"the proxy of {server} cannot be used ({cause}): check proxy-url in kubeconfig, HTTPS_PROXY and "
                f"NO_PROXY"
            )
        case exceptions.SSLError() if isinstance(error.args[0], ssl.SSLCertVerificationError):
            what = (
                f"the certificate of {server} is not trusted ({error.args[0].verify_message}): check "
                f"certificate-authority in kubeconfig, or fetch it anew; the cluster may have been made again"
            )
        case exceptions.SSLError():
            what = f"TLS with {server} failed ({cause}): check the server in kubeconfig, and any proxy in between"
        case exceptions.NameResolutionError():
            what = f"the name in {server} is not known: check the server in kubeconfig, DNS and VPN"
        case exceptions.NewConnectionError():
            what = f"{server} cannot be reached ({cause}): check that the cluster runs, and VPN"
        case exceptions.ConnectTimeoutError() | exceptions.ReadTimeoutError() | TimeoutError():
            what = f"{server} did not answer within {timeout:g} s: check VPN and firewall, or raise timeouts.kubernetes"
        case exceptions.DecodeError():
            again = "" if lost else "try again; "
            what = f"{server} sent a body that cannot be decompressed ({cause}): {again}check any proxy in between"
        case _:
            again = "" if lost else "try again; "
            what = f"{server} closed the connection ({cause}): {again}check any proxy in between"
    return OutcomeUnknown(f"{asked}: {what}; {UNKNOWN}") if lost else Unavailable(f"{asked}: {what}")


def _before_sending(error: Exception) -> bool:
    """Whether there was no connection yet: urllib3 wraps as ProxyError only what fails before a proxy is reached."""
    import ssl

    from urllib3 import exceptions

    match error:
        case exceptions.SSLError():
            return isinstance(error.args[0], ssl.SSLCertVerificationError)
        case exceptions.ProxyError() | exceptions.NewConnectionError() | exceptions.ConnectTimeoutError():
            return True
        case _:
            return False


def _root_cause(error: BaseException) -> str:
    """The system's own words at the bottom of a chain of wrapped errors, which hold addresses of objects."""
    seen: BaseException | None = error
    while seen is not None:
        # A proxy's refusal of a tunnel has a text and no number.
        if isinstance(seen, OSError) and (words := seen.strerror or str(seen)):
            return one_line(words)[:120]
        original = getattr(seen, "original_error", None)
        inner = next((arg for arg in reversed(seen.args) if isinstance(arg, BaseException)), None)
        seen = original or seen.__cause__ or inner or seen.__context__
    return type(error).__name__
