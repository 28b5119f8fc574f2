import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import { ValidationCategory } from '../authenticator-data/validation-category.js';
import type { Explained } from './explained.js';
import { type NamedValue, ValueList } from './value-list.jsx';

/** The extensions of authenticator data, and the values that Apple certified in the credential certificate. */
export function ExtensionsView({ explained }: { readonly explained: Explained }) {
  if (explained.kind === 'receipt') return null;
  const { authenticatorData } = explained.explanation.inspection;
  if (!authenticatorData) return null;
  const { extensions, unauthenticatedExtensions } = authenticatorData;
  const leaf = explained.kind === 'attestation' ? explained.explanation.inspection.certificates[0] : undefined;
  return (
    <section aria-labelledby="extensions">
      <h2 id="extensions">Extensions</h2>
      {extensions && <ValueList values={valuesOf(extensions)} />}
      {unauthenticatedExtensions && (
        <>
          <p class="warning">
            The flags do not include ED, so the device did not sign this map as extensions. A tampered app can add such
            a map, and a server must not trust it.
          </p>
          <ValueList values={valuesOf(unauthenticatedExtensions)} />
        </>
      )}
      {!extensions && !unauthenticatedExtensions && (
        <p>None. Devices add extensions from iOS 27 on, if the app was built with the SDK of iOS 27 or later.</p>
      )}
      {leaf && (
        <>
          <h3>Credential certificate</h3>
          <ValueList
            values={[
              ['App ID', leaf.appId],
              ['platform', leaf.device.platform],
              ['OS version', leaf.device.osVersion],
              ['OS build', leaf.device.osBuild],
              ['device class', leaf.device.deviceClass],
              ['nonce', leaf.nonce],
            ]}
          />
        </>
      )}
    </section>
  );
}

function valuesOf({ validationCategory, bundleVersion, codeDirectoryHash }: AuthenticatorExtensions): NamedValue[] {
  const name = Object.entries(ValidationCategory).find(([, category]) => category === validationCategory)?.[0];
  return [
    [
      'validation category',
      validationCategory === undefined ? undefined : `${validationCategory} (${name ?? 'unknown'})`,
    ],
    ['bundle version', bundleVersion],
    ['code directory hash', codeDirectoryHash],
  ];
}
