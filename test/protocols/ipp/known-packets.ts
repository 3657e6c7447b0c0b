// Packets whose octets are known, written out by hand, with what they mean. Read and written by the tests beside this file.
import { hex } from '../../support/ipp-builder.js';
import type { IppMessage } from '../../../lib/protocols/ipp/values.js';

export interface KnownPacket {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly message: IppMessage;
}

const ascii = (text: string): string => Buffer.from(text, 'latin1').toString('hex');

const preamble = `01
  47 0012 ${ascii('attributes-charset')} 0005 ${ascii('utf-8')}
  48 001b ${ascii('attributes-natural-language')} 0005 ${ascii('en-us')}`;

const preambleAttributes = [
  { name: 'attributes-charset', values: [{ tag: 0x47, value: 'utf-8' }] },
  { name: 'attributes-natural-language', values: [{ tag: 0x48, value: 'en-us' }] },
] as const;

const packetOf = (digits: string): Uint8Array => new Uint8Array(hex(digits));

export const knownPackets: readonly KnownPacket[] = [
  {
    name: 'the Print-Job request of RFC 8010 appendix A.1',
    bytes: packetOf(`0101 0002 00000001 ${preamble}
      45 000b ${ascii('printer-uri')} 002c ${ascii('ipp://printer.example.com/ipp/print/pinetree')}
      42 0008 ${ascii('job-name')} 0006 ${ascii('foobar')}
      22 0016 ${ascii('ipp-attribute-fidelity')} 0001 01
      02 21 0006 ${ascii('copies')} 0004 00000014
      44 0005 ${ascii('sides')} 0013 ${ascii('two-sided-long-edge')}
      03`),
    message: {
      version: { major: 1, minor: 1 },
      code: 2,
      requestId: 1,
      groups: [
        {
          tag: 1,
          attributes: [
            ...preambleAttributes,
            { name: 'printer-uri', values: [{ tag: 0x45, value: 'ipp://printer.example.com/ipp/print/pinetree' }] },
            { name: 'job-name', values: [{ tag: 0x42, value: 'foobar' }] },
            { name: 'ipp-attribute-fidelity', values: [{ tag: 0x22, value: true }] },
          ],
        },
        {
          tag: 2,
          attributes: [
            { name: 'copies', values: [{ tag: 0x21, value: 20 }] },
            { name: 'sides', values: [{ tag: 0x44, value: 'two-sided-long-edge' }] },
          ],
        },
      ],
    },
  },
  {
    name: 'the Print-Job failure of RFC 8010 appendix A.3, with unsupported attributes',
    bytes: packetOf(`0101 040b 00000001 ${preamble}
      41 000e ${ascii('status-message')} 002f ${ascii('client-error-attributes-or-values-not-supported')}
      05 21 0006 ${ascii('copies')} 0004 00000014
      10 0005 ${ascii('sides')} 0000
      03`),
    message: {
      version: { major: 1, minor: 1 },
      code: 0x040b,
      requestId: 1,
      groups: [
        {
          tag: 1,
          attributes: [
            ...preambleAttributes,
            {
              name: 'status-message',
              values: [{ tag: 0x41, value: 'client-error-attributes-or-values-not-supported' }],
            },
          ],
        },
        {
          tag: 5,
          attributes: [
            { name: 'copies', values: [{ tag: 0x21, value: 20 }] },
            { name: 'sides', values: [{ tag: 0x10 }] },
          ],
        },
      ],
    },
  },
  {
    name: 'a 1setOf that mixes syntaxes, and an empty group',
    bytes: packetOf(`0200 000b 0000007b ${preamble}
      44 0014 ${ascii('requested-attributes')} 0003 ${ascii('all')} 44 0000 0012 ${ascii('media-col-database')}
      42 0000 0004 ${ascii('A4 x')}
      04 03`),
    message: {
      version: { major: 2, minor: 0 },
      code: 11,
      requestId: 123,
      groups: [
        {
          tag: 1,
          attributes: [
            ...preambleAttributes,
            {
              name: 'requested-attributes',
              values: [
                { tag: 0x44, value: 'all' },
                { tag: 0x44, value: 'media-col-database' },
                { tag: 0x42, value: 'A4 x' },
              ],
            },
          ],
        },
        { tag: 4, attributes: [] },
      ],
    },
  },
  {
    name: 'a collection in a collection, a member with two values, and a second collection',
    bytes: packetOf(`0200 0005 00000001 02
      34 0009 ${ascii('media-col')} 0000
        4a 0000 000a ${ascii('media-size')}
        34 0000 0000
          4a 0000 000b ${ascii('x-dimension')} 21 0000 0004 00005208
          4a 0000 000b ${ascii('y-dimension')} 33 0000 0008 00000001 00007404
        37 0000 0000
        4a 0000 000b ${ascii('media-color')} 44 0000 0004 ${ascii('blue')} 42 0000 0003 ${ascii('red')}
      37 0000 0000
      34 0000 0000
      37 0000 0000
      03`),
    message: {
      version: { major: 2, minor: 0 },
      code: 5,
      requestId: 1,
      groups: [
        {
          tag: 2,
          attributes: [
            {
              name: 'media-col',
              values: [
                {
                  tag: 0x34,
                  value: [
                    {
                      name: 'media-size',
                      values: [
                        {
                          tag: 0x34,
                          value: [
                            { name: 'x-dimension', values: [{ tag: 0x21, value: 21000 }] },
                            { name: 'y-dimension', values: [{ tag: 0x33, value: { lower: 1, upper: 29700 } }] },
                          ],
                        },
                      ],
                    },
                    {
                      name: 'media-color',
                      values: [
                        { tag: 0x44, value: 'blue' },
                        { tag: 0x42, value: 'red' },
                      ],
                    },
                  ],
                },
                { tag: 0x34, value: [] },
              ],
            },
          ],
        },
      ],
    },
  },
  {
    name: 'every other syntax, an unassigned tag and an extension tag',
    bytes: packetOf(`0202 0000 7fffffff 04
      21 0001 61 0004 ffffffff
      23 0001 62 0004 00000003
      22 0001 63 0001 00
      30 0001 64 0003 00ff80
      31 0001 65 000b 07ea 0b 16 07 2a 13 09 2b 00 00
      32 0001 66 0009 00000258 0000012c 03
      35 0001 67 000b 0002 ${ascii('fr')} 0005 ${ascii('Salut')}
      36 0001 68 0004 0000 0000
      41 0001 69 0003 e282ac
      46 0001 6a 0003 ${ascii('ipp')}
      49 0001 6b 000f ${ascii('application/pdf')}
      11 0001 6c 0000 12 0001 6d 0000 13 0001 6e 0000 15 0001 6f 0000 16 0001 70 0000 17 0001 71 0000
      14 0001 72 0002 beef
      5f 0001 73 0001 80
      7f 0001 74 0006 40000000 cafe
      ff 0001 75 0000
      03`),
    message: {
      version: { major: 2, minor: 2 },
      code: 0,
      requestId: 0x7fffffff,
      groups: [
        {
          tag: 4,
          attributes: [
            { name: 'a', values: [{ tag: 0x21, value: -1 }] },
            { name: 'b', values: [{ tag: 0x23, value: 3 }] },
            { name: 'c', values: [{ tag: 0x22, value: false }] },
            { name: 'd', values: [{ tag: 0x30, value: Uint8Array.of(0x00, 0xff, 0x80) }] },
            { name: 'e', values: [{ tag: 0x31, value: Uint8Array.of(7, 0xea, 11, 22, 7, 42, 19, 9, 0x2b, 0, 0) }] },
            { name: 'f', values: [{ tag: 0x32, value: { x: 600, y: 300, units: 3 } }] },
            { name: 'g', values: [{ tag: 0x35, value: { language: 'fr', text: 'Salut' } }] },
            { name: 'h', values: [{ tag: 0x36, value: { language: '', text: '' } }] },
            { name: 'i', values: [{ tag: 0x41, value: '€' }] },
            { name: 'j', values: [{ tag: 0x46, value: 'ipp' }] },
            { name: 'k', values: [{ tag: 0x49, value: 'application/pdf' }] },
            { name: 'l', values: [{ tag: 0x11 }] },
            { name: 'm', values: [{ tag: 0x12 }] },
            { name: 'n', values: [{ tag: 0x13 }] },
            { name: 'o', values: [{ tag: 0x15 }] },
            { name: 'p', values: [{ tag: 0x16 }] },
            { name: 'q', values: [{ tag: 0x17 }] },
            { name: 'r', values: [{ tag: 0x14, value: Uint8Array.of(0xbe, 0xef) }] },
            { name: 's', values: [{ tag: 0x5f, value: Uint8Array.of(0x80) }] },
            { name: 't', values: [{ tag: 0x7f, value: Uint8Array.of(0x40, 0, 0, 0, 0xca, 0xfe) }] },
            { name: 'u', values: [{ tag: 0xff, value: new Uint8Array(0) }] },
          ],
        },
      ],
    },
  },
];
