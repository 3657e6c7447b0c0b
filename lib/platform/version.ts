// The version of this build: package.json's, which a test compares.

export const version = '0.1.0';
