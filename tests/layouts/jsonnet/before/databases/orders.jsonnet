function(env) {
  apiVersion: 'postgresql.cnpg.io/v1',
  kind: 'Cluster',
  metadata: { name: 'orders', namespace: 'shop' },
  spec: {
    instances: if env == 'prod' then 3 else 1,
    storage: { size: '20Gi' },
  },
}
