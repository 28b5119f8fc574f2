import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

/**
 * Functions that create or throw errors, with the index of one argument. This argument is the error message, or the name of the
 * part of a certificate or receipt in the error message.
 */
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

/** Error messages are for people, and no code depends on them. They are therefore not mutated, but error codes are. */
const errorMessages = {
  shouldIgnore({ node, parent }) {
    if (node.type !== 'StringLiteral' && node.type !== 'TemplateLiteral') return undefined;
    if (parent?.type !== 'NewExpression' && parent?.type !== 'CallExpression') return undefined;
    const place = MESSAGE_AT[parent.callee.name];
    return place !== undefined && parent.arguments[place] === node ? 'an error message' : undefined;
  },
};

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, 'error-messages', errorMessages)];
