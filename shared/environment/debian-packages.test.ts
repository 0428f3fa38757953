import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { debianPackages, parseDebianStatus } from './debian-packages.ts';

const paragraph = (name: string, status: string, version: string) =>
  `Package: ${name}\nStatus: ${status}\nPriority: optional\nVersion: ${version}\nDescription: text\n Version: not this\n`;

test('only what is fully installed counts', () => {
  const text = [
    paragraph('ffmpeg', 'install ok installed', '7:5.1.9-0+deb12u1'),
    paragraph('removed', 'deinstall ok config-files', '1'),
    paragraph('half', 'install reinstreq half-installed', '1'),
  ].join('\n');
  expect([...parseDebianStatus(text)]).toEqual([['ffmpeg', '7:5.1.9-0+deb12u1']]);
});

test('a changed status file is read again, an absent one is null', () => {
  const dir = mkdtempSync(join(tmpdir(), 'dpkg-'));
  const file = join(dir, 'status');
  writeFileSync(file, paragraph('a', 'install ok installed', '1'));
  expect(debianPackages(file)?.get('a')).toBe('1');
  writeFileSync(file, paragraph('a', 'install ok installed', '1.2'));
  expect(debianPackages(file)?.get('a')).toBe('1.2');
  rmSync(dir, { recursive: true });
  expect(debianPackages(file)).toBeNull();
});
