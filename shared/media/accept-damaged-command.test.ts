import { expect, it } from 'vitest';
import { acceptDamagedCommand } from './accept-damaged-command.ts';

it('a quote in the name of a film does not end the quotes of the command', () => {
  expect(acceptDamagedCommand("/in/it's.mp4")).toBe("./prepare-job.sh --media '/in/it'\\''s.mp4' --accept-damaged");
});
