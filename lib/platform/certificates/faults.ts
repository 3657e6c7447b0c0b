// Pure: why a certificate was refused, in words, from the codes that Node.js has from OpenSSL.

/** What a connection ends with whose other end is another node than was meant. */
export const wrongNode = 'PLATEN_WRONG_NODE';

const words: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has ended',
  CERT_NOT_YET_VALID: 'is not valid yet',
  CERT_REVOKED: 'is revoked',
  CERT_SIGNATURE_FAILURE: "is not from the cluster's authority",
  DEPTH_ZERO_SELF_SIGNED_CERT: "is not from the cluster's authority",
  SELF_SIGNED_CERT_IN_CHAIN: "is not from the cluster's authority",
  UNABLE_TO_GET_ISSUER_CERT: "is not from the cluster's authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "is not from the cluster's authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "is not from the cluster's authority",
  UNABLE_TO_GET_CRL: "is not from the cluster's authority",
  CRL_HAS_EXPIRED: 'cannot be looked up: the revocation list has ended',
  INVALID_PURPOSE: 'is for something else',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is of another name',
};

/** Undefined: the error is not about a certificate. */
export const certificateFault = (code: string | undefined): string | undefined =>
  code === undefined ? undefined : words[code];
