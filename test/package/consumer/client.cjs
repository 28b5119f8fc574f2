const client = require('app-attest/client');
const { signOnce } = require('./sign-once.cjs');

signOnce(client).then((result) => console.log(JSON.stringify(result)));
