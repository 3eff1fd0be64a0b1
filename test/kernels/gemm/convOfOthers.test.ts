import { testOtherConvolutions } from './convolutions.ts';

testOtherConvolutions();
