/** A path, or the name of a file of weights. Names of models hold slashes too: `Qwen/Qwen3-8B`. */
const FILE = /^(?:\/|~\/|\.{1,2}[\\/]|[A-Za-z]:[\\/]|\\\\|file:)|\.(?:gguf|ggml|bin|safetensors|pt|pth|onnx)$|\\/i;

/** Returns true for the name of a model that is a path on its server, as llama-server sends it. */
export function namesFile(served: string): boolean {
  return FILE.test(served.trim());
}
