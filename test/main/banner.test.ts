import t from 'tap';
import { parseConfig } from '../../lib/config.js';
import { banner } from '../../lib/main/banner.js';

t.test('each protocol stands apart from its address', async (t) => {
  const listening = (['ipp', 'lpd', 'snmp', 'peers', 'rest'] as const).map((protocol, index) => ({
    protocol,
    address: '127.77.0.1',
    port: 11_630 + index,
  }));
  const defaults = { commandLine: 'bin/platen.js', stateDirectory: '/x/spool', url: 'http://127.0.0.1:8630' };
  const text = banner(parseConfig('', '/x/platen.yaml'), listening, defaults);
  t.match(text, '  peers 127.77.0.1:11633\n  rest  127.77.0.1:11634\n');
});
