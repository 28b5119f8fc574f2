export { registration as POST } from '../../../app-attest';
