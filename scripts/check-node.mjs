// Says clearly that Node is too old, before something deep in a dependency says it badly. Plain syntax on purpose.
var parts = process.versions.node.split('.').map(Number)
if (parts[0] < 22 || (parts[0] === 22 && parts[1] < 19)) {
  console.error(
    'tutti needs Node 22.19 or newer; this is ' +
      process.versions.node +
      '. ' +
      'On Linux "npm ci" brings a fitting Node for the scripts of this repository (node_modules/.bin/node); ' +
      'if it was left out (--omit=optional), install Node 24 and try again.',
  )
  process.exit(1)
}
