// Pure: how Platen runs its etcd member (DESIGN section 4). Flags of etcd 3.4 and newer.

import type { ClusterConfig } from '../config.js';
import type { CredentialFiles } from '../platform/certificates/material.js';

export type MemberConfig = NonNullable<ClusterConfig['member']>;

const GiB = 1024 ** 3;

/** The member's name in the initial cluster: the one that has its URL, where the configuration names none. */
const nameOf = ({ name, peerUrl, initialCluster }: MemberConfig): string =>
  name ?? Object.entries(initialCluster).find(([, url]) => url === peerUrl)?.[0] ?? 'default';

/** etcd reads certificate, key and revocations anew for each connection: they change without a restart. The root it reads once. */
export const tlsArguments = (
  { clientUrl, peerUrl }: Pick<MemberConfig, 'clientUrl' | 'peerUrl'>,
  { ca, certificate, key, crl }: CredentialFiles,
) => [
  ...(clientUrl.startsWith('https:')
    ? [
        ['--cert-file', certificate, '--key-file', key, '--client-cert-auth', '--trusted-ca-file', ca],
        crl === undefined ? [] : ['--client-crl-file', crl],
      ]
    : []),
  ...(peerUrl.startsWith('https:')
    ? [
        [
          '--peer-cert-file',
          certificate,
          '--peer-key-file',
          key,
          '--peer-client-cert-auth',
          '--peer-trusted-ca-file',
          ca,
        ],
        crl === undefined ? [] : ['--peer-crl-file', crl],
      ]
    : []),
];

export interface MemberPlace {
  readonly directory: string;
  /** The directory holds no member yet; it is then founded together with the others. */
  readonly isNew: boolean;
  readonly files: CredentialFiles | undefined;
}

export const memberArguments = (member: MemberConfig, { directory, isNew, files }: MemberPlace): string[] => {
  const others = Object.entries(member.initialCluster).map(([name, url]) => `${name}=${url}`);
  return [
    ['--name', nameOf(member), '--data-dir', directory],
    ['--listen-client-urls', member.clientUrl, '--advertise-client-urls', member.clientUrl],
    ['--listen-peer-urls', member.peerUrl, '--initial-advertise-peer-urls', member.peerUrl],
    ['--initial-cluster', others.join(','), '--initial-cluster-state', isNew ? 'new' : 'existing'],
    ['--initial-cluster-token', 'platen'],
    ['--heartbeat-interval', '50', '--election-timeout', '250', '--pre-vote'],
    ['--grpc-keepalive-min-time', '1s', '--enable-grpc-gateway'],
    ...(files === undefined ? [] : tlsArguments(member, files)),
    // Platen compacts.
    ['--quota-backend-bytes', String(8 * GiB), '--auto-compaction-retention', '0'],
    ['--experimental-watch-progress-notify-interval', '1s'],
    ['--logger', 'zap', '--log-outputs', 'stderr', '--log-level', 'warn'],
  ].flat();
};
