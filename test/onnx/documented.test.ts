import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { operatorNames } from '../../src/onnx/operators/index.ts';
import { RULES } from '../../src/onnx/writing/rules.ts';

const text = readFileSync(new URL('../../docs/onnx.md', import.meta.url), 'utf8');

it('docs/onnx.md lists the operators that are read', () => {
  const list = /^Operators: ([\s\S]*?)\.\n\n/m.exec(text)![1]!;
  expect([...list.matchAll(/`([\w.]+)`/g)].map(([, name]) => name).sort()).toEqual(operatorNames());
});

it('docs/onnx.md gives the reason of every op that is not written', () => {
  const table = text.slice(text.indexOf('| op | why |'));
  for (const [op, rule] of Object.entries(RULES)) {
    const row = table.split('\n').find((line) => line.includes(`\`${op}\``));
    expect(row?.endsWith(`| ${'reason' in rule ? rule.reason : ''} |`) ?? false, op).toBe('reason' in rule);
  }
});
