import { ValidationCategory } from 'app-attest';

console.log(ValidationCategory.AppStore);
