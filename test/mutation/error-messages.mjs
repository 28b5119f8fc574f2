import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

/** What makes errors, and at which place the sentence for people stands, or the name of a part that it speaks of. */
const MESSAGE_AT = {
  AppAttestError: 1,
  DecodingError: 0,
  invalid: 0,
  untrusted: 0,
  missing: 0,
  rejected: 0,
  partsOf: 1,
  childrenOf: 2,
};

/** The sentences in errors are for people: nothing is decided by them, so they are not mutated. Codes are. */
const errorMessages = {
  shouldIgnore({ node, parent }) {
    if (node.type !== 'StringLiteral' && node.type !== 'TemplateLiteral') return undefined;
    if (parent?.type !== 'NewExpression' && parent?.type !== 'CallExpression') return undefined;
    const place = MESSAGE_AT[parent.callee.name];
    return place !== undefined && parent.arguments[place] === node ? 'a sentence for people' : undefined;
  },
};

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, 'error-messages', errorMessages)];
