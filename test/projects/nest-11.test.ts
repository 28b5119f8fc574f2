import { itProtectsNest } from './support/it-protects-nest.js';

itProtectsNest('nest-11');
