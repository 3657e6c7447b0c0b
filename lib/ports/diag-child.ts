// The child that asks the kernel's socket diagnosis (sock_diag(7)): Node.js has no netlink sockets, a few lines of Perl
// (part of every Debian) do. Needs no privilege.

import { type ChildProcess, spawn } from 'node:child_process';

/** One line in, one line out: `family source sport destination dport`, addresses in hexadecimal → `state tx_queue` or `absent`. */
const program = `
use strict; $| = 1;
socket(my $netlink, 16, 3, 4) or exit 1;                              # AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG
while (my $line = <STDIN>) {
  my ($family, $source, $sport, $destination, $dport) = split ' ', $line;
  my $id = pack('nnH32H32LLL', $sport, $dport, $source, $destination, 0, 0xffffffff, 0xffffffff);
  my $ask = pack('CCCCL', $family, 6, 0, 0, 0xffffffff) . $id;        # inet_diag_req_v2, TCP, all states
  send($netlink, pack('LSSLL', 16 + length $ask, 20, 1, 1, 0) . $ask, 0) or exit 1;
  defined recv($netlink, my $answer, 8192, 0) or exit 1;
  my ($length, $type) = unpack('LS', $answer);
  print $type == 20 && $length >= 80 ? unpack('x17C', $answer) . ' ' . unpack('x76L', $answer) : 'absent', "\\n";
}`;

/** Starts it. It ends by itself when its input does, so with this process at the latest; a terminal's Ctrl-C does not reach it. */
export const startDiagnosis = (): ChildProcess =>
  spawn('perl', ['-e', `$SIG{INT} = 'IGNORE';${program}`], { stdio: ['pipe', 'pipe', 'ignore'], env: {} });
