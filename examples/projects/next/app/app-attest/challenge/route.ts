export { challenge as POST } from '../../../app-attest';
