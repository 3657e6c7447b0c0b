// What the command line says of certificates before the package that makes them is loaded.

/** Names of a node's files, in its folder. */
export const nodeFiles = { ca: 'ca.crt', certificate: 'node.crt', key: 'node.key', crl: 'crl.pem' } as const;

/** How long a node's certificate may be valid. */
export const mostDays = 825;
