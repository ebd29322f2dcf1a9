/** ml-kmeans by its README: points are arrays of numbers, the first centres are given. Plain JavaScript on one thread. */
import { kmeans } from "ml-kmeans";
import type { Library, Matrix, Task } from "../task.ts";

export async function openMlKmeans(): Promise<Library> {
  return { threads: 1, prepare: async (task) => workOf(task) };
}

function workOf(task: Task) {
  if (task.work !== "k-means") throw new Error("ml-kmeans does k-means alone");
  const points = rowsOf(task.data);
  const initialization = rowsOf(task.centres);
  return async () => {
    // Its tolerance is of how far centres still move: with none it does all steps.
    const { centroids } = kmeans(points, initialization.length, {
      initialization,
      maxIterations: task.steps,
      tolerance: 0,
    });
    return { centres: Float32Array.from(centroids.flat()) };
  };
}

const rowsOf = ({ data, shape: [rows, dims] }: Matrix): number[][] =>
  Array.from({ length: rows }, (_, row) => [...data.subarray(row * dims, (row + 1) * dims)]);
