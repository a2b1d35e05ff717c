namespace Assay.Evaluation;

/// <summary>
/// Least squares with non-negative coefficients over at most three columns: all sets of columns are tried, each by orthogonalisation, so the
/// answer is exact. The inner step of variance projection (Golub and Pereyra 1973): a law is linear in all but its exponents.
/// </summary>
internal static class NonNegativeColumns
{
    /// <summary>Minimises Σ w (Σ c_j x_ij − y_i)² over c ≥ 0.</summary>
    /// <returns>The coefficients and the weighted sum of squares.</returns>
    public static (double[] Coefficients, double SquaredError) Solve(double[][] columns, double[] y, double[]? weights = null)
    {
        var (k, n) = (columns.Length, y.Length);
        var best = (Coefficients: new double[k], SquaredError: double.PositiveInfinity);
        for (var set = 0; set < 1 << k; set++)
        {
            var chosen = Enumerable.Range(0, k).Where(j => (set >> j & 1) == 1).ToArray();
            var coefficients = LeastSquares(columns, chosen, y, weights);
            if (coefficients is null || chosen.Any(j => !(coefficients[j] >= 0)))
                continue;
            var squares = 0.0;
            for (var i = 0; i < n; i++)
            {
                var residual = -y[i];
                foreach (var j in chosen)
                    residual += coefficients[j] * columns[j][i];
                squares += (weights?[i] ?? 1) * residual * residual;
            }
            if (squares < best.SquaredError)
                best = (coefficients, squares);
        }
        return best;
    }

    // Modified Gram–Schmidt on the chosen columns; null where they are linearly dependent.
    private static double[]? LeastSquares(double[][] columns, int[] chosen, double[] y, double[]? weights)
    {
        var n = y.Length;
        var roots = weights is null ? null : Array.ConvertAll(weights, Math.Sqrt);
        var q = chosen.Select(j => columns[j].Select((v, i) => v * (roots?[i] ?? 1)).ToArray()).ToArray();
        var right = y.Select((v, i) => v * (roots?[i] ?? 1)).ToArray();
        var (r, b) = (new double[q.Length, q.Length], new double[q.Length]);
        for (var j = 0; j < q.Length; j++)
        {
            var before = Norm(q[j]);
            for (var m = 0; m < j; m++)
            {
                var projection = Dot(q[m], q[j]);
                r[m, j] = projection;
                for (var i = 0; i < n; i++)
                    q[j][i] -= projection * q[m][i];
            }
            r[j, j] = Norm(q[j]);
            if (!(r[j, j] > 1e-12 * before))
                return null;
            for (var i = 0; i < n; i++)
                q[j][i] /= r[j, j];
            b[j] = Dot(q[j], right);
            for (var i = 0; i < n; i++)
                right[i] -= b[j] * q[j][i];
        }
        var coefficients = new double[columns.Length];
        for (var j = q.Length - 1; j >= 0; j--)
        {
            var sum = b[j];
            for (var m = j + 1; m < q.Length; m++)
                sum -= r[j, m] * coefficients[chosen[m]];
            coefficients[chosen[j]] = sum / r[j, j];
        }
        return coefficients;
    }

    private static double Dot(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }

    private static double Norm(double[] a) => Math.Sqrt(Dot(a, a));
}
