import t from 'tap';
import { ProtocolError } from '../../../lib/errors.js';
import { JobAssembly } from '../../../lib/protocols/lpd/assembly.js';
import { parseControlFile } from '../../../lib/protocols/lpd/control-file.js';

const control = (...keys: string[]) => parseControlFile(Buffer.from(keys.map((key) => `ldf${key}h\n`).join('')));

t.test('a job is its control file and every data file that it names', async (t) => {
  const assembly = new JobAssembly<string>(10);
  t.equal(assembly.addControl(control('A001', 'B001')), null);
  t.equal(assembly.addData('A001', 'a'), null);
  t.match(assembly.addData('B001', 'b'), { documents: ['a', 'b'] });
});

t.test('the order of files does not matter, that of the control file does', async (t) => {
  const assembly = new JobAssembly<string>(10);
  assembly.addData('A001', 'a');
  assembly.addData('B001', 'b');
  t.match(assembly.addControl(control('B001', 'A001')), { documents: ['b', 'a'] });
});

t.test('several jobs on one connection, in any mixture, with numbers used again', async (t) => {
  const assembly = new JobAssembly<string>(10);
  assembly.addControl(control('A001'));
  assembly.addControl(control('A002'));
  t.match(assembly.addData('A002', 'two'), { documents: ['two'] });
  t.match(assembly.addData('A001', 'one'), { documents: ['one'] });
  assembly.addData('A001', 'again');
  t.match(assembly.addControl(control('A001')), { documents: ['again'] });
  t.strictSame(assembly.clear(), []);
});

t.test('what is incomplete is given back to be thrown away', async (t) => {
  const assembly = new JobAssembly<string>(10);
  assembly.addData('A001', 'a');
  assembly.addControl(control('B001'));
  t.strictSame(assembly.clear(), ['a']);
  t.equal(assembly.addData('B001', 'b'), null, 'the control file is forgotten too');
});

t.test('a control file without print lines, a repeated data file and too many files are refused', async (t) => {
  const assembly = new JobAssembly<string>(2);
  t.throws(
    () => assembly.addControl(control()),
    new ProtocolError('nothing-to-print', 'the control file prints no data file'),
  );
  assembly.addData('A001', 'a');
  t.throws(() => assembly.checkData('A001'), new ProtocolError('file-repeated', 'the same data file is sent twice'));
  assembly.addData('B001', 'b');
  t.throws(
    () => assembly.checkData('C001'),
    new ProtocolError('too-many-files', 'too many files without the rest of their job'),
  );
  t.throws(
    () => assembly.addControl(control('C001')),
    new ProtocolError('too-many-files', 'too many files without the rest of their job'),
  );
});
