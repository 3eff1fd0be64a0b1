import { show } from '../shell.tsx';
import { Kernels } from './Kernels.tsx';

await show('Kernels', () => <Kernels />);
