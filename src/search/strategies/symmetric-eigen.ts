/** Eigenvalues and eigenvectors of a small symmetric matrix: cyclic Jacobi (Golub and Van Loan, section 8.5). */

export type Matrix = number[][];

/** Columns of `vectors` belong to `values`; order is not defined. */
export function symmetricEigen(matrix: readonly (readonly number[])[]): {
  values: number[];
  vectors: Matrix;
} {
  const a = matrix.map((row) => [...row]);
  const vectors: Matrix = a.map((_, i) => a.map((_, j) => Number(i === j)));
  // Convergence is quadratic: six sweeps are usual for the sizes of a search.
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (const [i, row] of a.entries()) for (const value of row.slice(i + 1)) off += value * value;
    if (off < 1e-28) break;
    for (let p = 0; p < a.length; p++) for (let q = p + 1; q < a.length; q++) rotate(a, vectors, p, q);
  }
  return { values: a.map((row, i) => row[i] as number), vectors };
}

/** Makes a[p][q] zero. */
function rotate(a: Matrix, vectors: Matrix, p: number, q: number): void {
  const at = (i: number, j: number) => (a[i] as number[])[j] as number;
  if (at(p, q) === 0) return;
  const theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const cosine = 1 / Math.hypot(t, 1);
  const sine = t * cosine;
  const turn = (first: number, second: number): [number, number] => [
    cosine * first - sine * second,
    sine * first + cosine * second,
  ];
  for (const rows of [a, vectors])
    for (const row of rows) [row[p], row[q]] = turn(row[p] as number, row[q] as number);
  const [upper, lower] = [a[p] as number[], a[q] as number[]];
  for (const j of upper.keys()) [upper[j], lower[j]] = turn(upper[j] as number, lower[j] as number);
}
