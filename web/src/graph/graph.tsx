import { Background, Controls, Handle, type Node, type NodeProps, Position, ReactFlow } from '@xyflow/react';
import { useMemo } from 'react';
import type { OutlinedStep, StepState } from '../api/queries.ts';
import { Icon, type IconName } from '../kit/icons.tsx';
import { lookOf } from '../kit/status.tsx';
import { duration } from '../kit/time.tsx';
import { type GraphData, layout } from './layout.ts';
import '@xyflow/react/dist/style.css';
import './graph.css';

interface Props {
  steps: readonly OutlinedStep[];
  states?: readonly StepState[];
  selected?: string | undefined;
  onSelect?: (key: string) => void;
}

const nodeTypes = { step: StepNode, group: GroupNode };

/** The definition as a graph, with what became of its steps: loops have counters, never a node an item. */
export function Graph({ steps, states = [], selected, onSelect }: Props) {
  const placed = useMemo(() => layout(steps), [steps]);
  const nodes = useMemo(() => withStates(placed.nodes, states, selected, onSelect), [placed, states, selected, onSelect]);
  return (
    <div className="graph" data-nodes={nodes.length}>
      <ReactFlow
        nodes={nodes}
        edges={placed.edges}
        nodeTypes={nodeTypes}
        fitView
        fitViewOptions={{ maxZoom: 1, padding: 0.08 }}
        minZoom={0.15}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        zoomOnScroll={false}
        preventScrolling={false}
        proOptions={{ hideAttribution: true }}
        aria-label="Graph of steps"
      >
        <Background gap={20} size={1} color="var(--line)" />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

/** All states of a step, wherever it stands in loops. */
function withStates(
  nodes: readonly Node<GraphData>[],
  states: readonly StepState[],
  selected: string | undefined,
  onSelect: Props['onSelect'],
) {
  const byStep = new Map<string, StepState[]>();
  for (const state of states) byStep.set(state.step, [...(byStep.get(state.step) ?? []), state]);
  return nodes.map((node) => {
    const own = byStep.get(node.data.step.step) ?? [];
    const worst =
      own.find(({ status }) => status === 'failed') ??
      own.find(({ status }) => status === 'running' || status === 'waiting') ??
      own.at(-1);
    const isAt = own.some(({ key }) => key === selected) || node.data.step.step === selected;
    return { ...node, data: { ...node.data, states: own, state: worst, isAt, onSelect } };
  });
}

const KINDS: Record<string, IconName> = {
  http: 'external',
  set: 'edit',
  wait: 'hourglass',
  raise: 'alert',
  switch: 'compare',
  parallel: 'menu',
  forEach: 'refresh',
  repeat: 'redo',
  run: 'play',
  approval: 'people',
};

function StepNode({ data }: NodeProps<Node<GraphData>>) {
  const { step, state, states = [], isAt, onSelect } = data;
  const look = state && lookOf(state.status);
  const took =
    state?.started_at && state.ended_at && state.status !== 'skipped'
      ? duration(Date.parse(state.ended_at) - Date.parse(state.started_at))
      : '';
  return (
    <>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <button
        type="button"
        className={`node nodrag ${look?.tone ?? ''}${state?.status === 'skipped' ? ' skipped' : ''}${isAt ? ' at' : ''}`}
        aria-current={isAt}
        onClick={() => onSelect?.(state?.key ?? step.step)}
      >
        <span className="node-icon">
          <Icon name={look?.icon ?? KINDS[step.kind] ?? 'right'} size={14} />
        </span>
        <span className="node-words">
          <b className="cut">
            {step.title ?? step.step}
            {look && <span className="hidden">, {look.word}</span>}
          </b>
          <small className="cut">
            {step.kind}
            {step.conditional && ' · if'}
            {step.calls && ` · ${step.calls}`}
            {states.length > 1 && ` · ${states.length}×`}
            {(state?.attempts ?? 0) > 1 && ` · ${state?.attempts} attempts`}
          </small>
        </span>
        <small className="num">{states.length > 1 ? '' : took}</small>
      </button>
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </>
  );
}

function GroupNode({ data }: NodeProps<Node<GraphData>>) {
  const { step, state, isAt, onSelect, lists } = data;
  const look = state && lookOf(state.status);
  return (
    <>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <div className={`group ${look?.tone ?? ''}${isAt ? ' at' : ''}`}>
        <button type="button" className="nodrag" aria-current={isAt} onClick={() => onSelect?.(state?.key ?? step.step)}>
          <Icon name={look?.icon ?? KINDS[step.kind] ?? 'right'} size={14} />
          <b className="cut">
            {step.title ?? step.step}
            {look && <span className="hidden">, {look.word}</span>}
          </b>
          <small>
            {step.kind}
            {step.conditional && ' · if'}
          </small>
        </button>
        {lists?.map(({ name, x, y }) =>
          name ? (
            <small key={name} className="branch" style={{ left: `${x}px`, top: `${y}px` }}>
              {name}
            </small>
          ) : null,
        )}
      </div>
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </>
  );
}
