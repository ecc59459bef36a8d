const HELP = `Usage: npm start [-- --once] [--json]

Brings the stack up on this machine, publishes the examples, runs one of them and stays up.

  --once   end after that run: 0 if it succeeded
  --json   say that it is ready, and where, in a line of JSON as well, for programs
  --help   show this

  PORT               where the API answers (4000)
  AWS_PORT           where the AWS services answer (4566)
  SMTP_PORT          where mail comes in (2525; any free port when PORT is 0)
  SMTP_URL           a mail server that takes outgoing mail; without it that lies in DATA_DIR/outbox
  DATA_DIR           where everything is kept (.millrun)
  LOCAL_API_KEY      an admin key of the workspace "local" (local-dev-key)
  ALLOWED_HOSTS      names beside those of loopback that the API answers to, such as that of a tunnel
  DYNAMODB_ENDPOINT  another DynamoDB emulator than the one that comes along
  FAST_PATH          off: functions reach the services over HTTP, like everybody else (on)
  CONSOLE            off: the console is not built when the stack is up (on)
  EXAMPLES           off: the examples are not published, and none is run (on)
  SETTINGS           settings of the stack as JSON, over those that it has here: docs/deploy.md
  LOG_LEVEL          of the functions (WARN)

Ports can be 0 for any free one.
`;

const known = ['--once', '--json', '--help', '-h'];
const given = process.argv.slice(2);
const unknown = given.find((argument) => !known.includes(argument));
if (unknown) {
  console.error(`${unknown} is not known here.\n\n${HELP}`);
  process.exit(2);
}
if (given.includes('--help') || given.includes('-h')) {
  process.stdout.write(HELP);
  process.exit(0);
}

// Only now: help and refusals need nothing of it.
const { main } = await import('./main.ts');
await main({ once: given.includes('--once'), json: given.includes('--json') });
