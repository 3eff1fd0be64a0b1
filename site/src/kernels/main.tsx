import { show } from '../shell.tsx';
import './kernels.css';
import { Kernels } from './Kernels.tsx';

await show('Kernels', () => <Kernels />);
