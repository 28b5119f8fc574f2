// @peculiar/x509 does not load without this polyfill, so everything that needs the library takes it from here.
import 'reflect-metadata';

export { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, X509Certificate } from '@peculiar/x509';
