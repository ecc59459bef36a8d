declare module 'virtual:operations' {
  const operations: Record<string, [method: string, path: string]>;
  export default operations;
}
