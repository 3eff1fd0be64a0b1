import { show } from '../shell.tsx';
import { Inspect } from './Inspect.tsx';

await show('Inspect', () => <Inspect />);
