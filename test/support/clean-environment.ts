// What the machine has set (keys, a Redis, settings) must not reach a test by accident.
for (const name of Object.keys(process.env)) {
  if (/^(TUTTI_|GOMIND_|OPENAI_|ANTHROPIC_|OTEL_|REDIS_URL$|NO_COLOR$|FORCE_COLOR$)/.test(name))
    delete process.env[name]
}
