import { show } from '../shell.tsx';
import { Train } from './Train.tsx';

await show('Train', () => <Train />);
