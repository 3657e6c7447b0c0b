// What a revocation list says, once it is known to be of one of these authorities.

import { X509Certificate as Root } from 'node:crypto';
import { unusable } from './pem.js';
import type { Revocation } from './authority.js';

/** As serial numbers are compared. */
export const plainSerial = (serial: string): string => serial.toLowerCase().replace(/^0+/, '');

export interface RevokedOf {
  /** The authority whose list it is. */
  readonly root: Root;
  readonly revoked: readonly Revocation[];
}

/** Throws `certificate-unusable`, with the file's name, for what is no list of theirs. */
export const readRevoked = async (list: string, roots: readonly Root[], file: string): Promise<RevokedOf> => {
  // Loaded only where there is a list: it takes a tenth of a second.
  const { X509Certificate, X509Crl } = await import('./x509.js');
  try {
    const crl = new X509Crl(list);
    for (const root of roots)
      if (await crl.verify({ publicKey: new X509Certificate(root.raw) }))
        return {
          root,
          revoked: crl.entries.map(({ serialNumber, revocationDate }) => ({
            serial: plainSerial(serialNumber),
            at: revocationDate,
          })),
        };
  } catch (error) {
    throw unusable(file, `is no revocation list: ${(error as Error).message}`, error);
  }
  throw unusable(file, "is a revocation list of another authority than the certificates'");
};
