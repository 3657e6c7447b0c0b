// What this node says to its neighbours on the link about an address, and asks them: ARP by `arping` of iputils, IPv6 neighbour discovery
// (RFC 4861) by a few lines of Perl, since the kernel announces no address that skips its own duplicate detection and no Debian program sends
// an unsolicited advertisement with the hardware address in it.

import { isIPv6 } from 'node:net';
import type { ProgramEnd, ProgramRunner } from './programs.js';

/** `announce`: sends one unsolicited neighbour advertisement. `probe`: asks once who has the address, prints the hardware address of who answers. */
const discovery = `
use strict; use Socket qw(:all);
my ($what, $dev, $address, $ms) = @ARGV;
my $read = sub { open my $file, '<', "/sys/class/net/$dev/$_[0]" or die "$dev: $!"; chomp(my $line = <$file>); $line };
my ($hardware, $index) = (pack('H*', $read->('address') =~ tr/://dr), $read->('ifindex'));
my $target = inet_pton(AF_INET6, $address) // die 'no address';
socket my $socket, AF_INET6, SOCK_RAW, 58 or die "socket: $!";
setsockopt $socket, 41, 18, pack('i', 255) or die "hops: $!";          # IPV6_MULTICAST_HOPS; the kernel adds the checksum
my $send = sub {
  my ($to, $message) = @_;
  send $socket, $message, 0, pack_sockaddr_in6(0, inet_pton(AF_INET6, $to), $index, 0) or die "send: $!";
};
if ($what eq 'announce') {
  bind $socket, pack_sockaddr_in6(0, $target) or die "bind: $!";
  $send->('ff02::1', pack('CCnN', 136, 0, 0, 0x20000000) . $target . pack('CC', 2, 1) . $hardware);   # override
  exit 0;
}
$send->(sprintf('ff02::1:ff%02x:%02x%02x', unpack 'x13C3', $target), pack('CCnN', 135, 0, 0, 0) . $target . pack('CC', 1, 1) . $hardware);
use Time::HiRes 'time';
my $until = time + $ms / 1000;
while ((my $left = $until - time) > 0) {
  vec(my $ready = '', fileno $socket, 1) = 1;
  next unless select $ready, undef, undef, $left;
  defined recv $socket, my $octets, 2048, 0 or last;
  next unless length $octets >= 24 and ord $octets == 136 and substr($octets, 8, 16) eq $target;
  my $of = length $octets >= 32 ? substr $octets, 26, 6 : '';
  next if $of eq $hardware;
  print join(':', map { sprintf '%02x', $_ } unpack 'C*', $of), "\\n";
  exit 0;
}`;

export interface NeighbourParts {
  readonly dev: string;
  readonly run: ProgramRunner;
  /** Absolute paths. */
  readonly arping: string;
  readonly perl: string;
}

const probeMs = 200;
const startMs = 100;
/** `arping` waits a second for answers that cannot come. */
const announceMs = 1_500;

const hardwareAddress = /[\da-f]{2}(?::[\da-f]{2}){5}/i;

export class Neighbours {
  readonly #parts: NeighbourParts;

  constructor(parts: NeighbourParts) {
    this.#parts = parts;
  }

  /** The n-th announcement, from 0: some hosts learn from ARP requests only, others from replies. Resolves when the program has ended. */
  announce(address: string, n: number, signal: AbortSignal): Promise<ProgramEnd> {
    const { run, arping, perl, dev } = this.#parts;
    const how = n % 2 === 0 ? '-A' : '-U';
    return isIPv6(address)
      ? run({ file: perl, args: ['-e', discovery, 'announce', dev, address], limitMs: announceMs, signal })
      : run({ file: arping, args: [how, '-q', '-c', '1', '-w', '1', '-I', dev, address], limitMs: announceMs, signal });
  }

  /** The hardware address of another host that has it; undefined when none answers within 200 ms. */
  async probe(address: string, signal?: AbortSignal): Promise<string | undefined> {
    const { run, arping, perl, dev } = this.#parts;
    const bound = signal === undefined ? {} : { signal };
    const { stdout } = isIPv6(address)
      ? await run({
          file: perl,
          args: ['-e', discovery, 'probe', dev, address, String(probeMs)],
          limitMs: probeMs + startMs,
          ...bound,
        })
      : await run({
          file: arping,
          args: ['-D', '-f', '-c', '1', '-w', '1', '-I', dev, address],
          limitMs: probeMs,
          ...bound,
        });
    return hardwareAddress.exec(stdout)?.[0].toLowerCase();
  }
}
