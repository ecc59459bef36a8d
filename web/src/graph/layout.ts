import dagre from '@dagrejs/dagre';
import type { Edge, Node } from '@xyflow/react';
import type { OutlinedStep, StepState } from '../api/queries.ts';

export interface GraphData extends Record<string, unknown> {
  step: OutlinedStep;
  states?: readonly StepState[];
  state?: StepState | undefined;
  isAt?: boolean;
  onSelect?: ((key: string) => void) | undefined;
  /** The names of the lists of a group, and where they stand. */
  lists?: { name: string; x: number; y: number }[];
}

const WIDTH = 214;
const HEIGHT = 46;
const HEAD = 34;
const PAD = 14;
const NAME = 20;
const GAP = 22;

interface Placed {
  width: number;
  height: number;
  nodes: Node<GraphData>[];
  edges: Edge[];
}

/** Places a list of steps and what is in them, groups from the inside. */
export function layout(steps: readonly OutlinedStep[], parentId?: string): Placed {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: 24, ranksep: 30, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  const groups = new Map<string, ReturnType<typeof groupOf> | undefined>();
  for (const step of steps) {
    const group = step.inside ? groupOf(step) : undefined;
    groups.set(step.step, group);
    graph.setNode(step.step, { width: group?.width ?? WIDTH, height: group?.height ?? HEIGHT });
  }
  const edges: Edge[] = [];
  for (const { step, needs } of steps)
    for (const need of needs) {
      graph.setEdge(need, step);
      edges.push({ id: `${need}>${step}`, source: need, target: step, type: 'smoothstep', focusable: false });
    }
  dagre.layout(graph);
  const nodes: Node<GraphData>[] = [];
  for (const step of steps) {
    const { x, y, width, height } = graph.node(step.step);
    const group = groups.get(step.step);
    nodes.push({
      id: step.step,
      type: group ? 'group' : 'step',
      position: { x: x - width / 2, y: y - height / 2 },
      width,
      height,
      data: { step, ...(group && { lists: group.lists }) },
      ...(parentId !== undefined && { parentId }),
    });
    if (group) {
      nodes.push(...group.nodes);
      edges.push(...group.edges);
    }
  }
  const whole = graph.graph();
  return { width: whole.width ?? WIDTH, height: whole.height ?? HEIGHT, nodes, edges };
}

/** A group with its lists side by side. */
function groupOf(step: OutlinedStep) {
  const lists: NonNullable<GraphData['lists']> = [];
  const nodes: Node<GraphData>[] = [];
  const edges: Edge[] = [];
  const isLoop = step.kind === 'forEach' || step.kind === 'repeat';
  let left = PAD;
  let height = 0;
  for (const [name, inner] of Object.entries(step.inside ?? {})) {
    const placed = layout(inner, step.step);
    const label = name.startsWith('catch[') ? 'catch' : isLoop ? '' : name;
    lists.push({ name: label, x: left, y: HEAD });
    for (const node of placed.nodes) {
      const isDirect = node.parentId === step.step;
      nodes.push(isDirect ? { ...node, position: { x: node.position.x + left, y: node.position.y + HEAD + NAME } } : node);
    }
    edges.push(...placed.edges);
    left += placed.width + GAP;
    height = Math.max(height, placed.height);
  }
  return { width: Math.max(WIDTH, left - GAP + PAD), height: HEAD + NAME + height + PAD, lists, nodes, edges };
}
