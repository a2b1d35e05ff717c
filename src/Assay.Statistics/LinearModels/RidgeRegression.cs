using MathNet.Numerics.LinearAlgebra;

namespace Assay.Statistics;

/// <summary>
/// Least squares with an L2 penalty: W = (XᵀX + λI)⁻¹XᵀY on centred X and Y, the intercept unpenalised (Hoerl and Kennard 1970). As a
/// classifier it regresses on +1 for the class and −1 for the others, and the largest value wins.
/// </summary>
[Method("ridge", Kind = MethodKind.Model)]
public sealed class RidgeRegression : ClassLearner
{
    private readonly double penalty;
    private readonly bool standardize;

    /// <summary>Creates the learner.</summary>
    /// <param name="penalty">λ, more than 0.</param>
    /// <param name="standardize">Whether features are scaled to unit deviation first.</param>
    /// <exception cref="ArgumentOutOfRangeException">λ is not positive.</exception>
    public RidgeRegression(double penalty = 1, bool standardize = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(penalty);
        this.penalty = penalty;
        this.standardize = standardize;
    }

    /// <inheritdoc/>
    protected override bool StandardizesFeatures => standardize;

    /// <summary>Solves for one or more targets.</summary>
    /// <param name="features">n × d.</param>
    /// <param name="targets">n × m.</param>
    /// <param name="penalty">λ, more than 0.</param>
    /// <returns>The weights, m × d, and the m intercepts.</returns>
    /// <exception cref="ArgumentException">The numbers of rows differ.</exception>
    public static (double[,] Weights, double[] Intercepts) Solve(FloatMatrix features, double[,] targets, double penalty)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(penalty);
        int n = features.Rows, d = features.Columns, m = targets.GetLength(1);
        if (targets.GetLength(0) != n)
            throw new ArgumentException($"{targets.GetLength(0)} targets for {n} rows", nameof(targets));
        var x = Matrix<double>.Build.Dense(n, d, (i, j) => features[i, j]);
        var y = Matrix<double>.Build.DenseOfArray(targets);
        var xMean = x.ColumnSums() / n;
        var yMean = y.ColumnSums() / n;
        for (var i = 0; i < n; i++)
        {
            x.SetRow(i, x.Row(i) - xMean);
            y.SetRow(i, y.Row(i) - yMean);
        }
        var gram = x.TransposeThisAndMultiply(x) + Matrix<double>.Build.DiagonalIdentity(d) * penalty;
        var w = gram.Cholesky().Solve(x.TransposeThisAndMultiply(y)); // (d, m)
        var weights = new double[m, d];
        var intercepts = new double[m];
        for (var t = 0; t < m; t++)
        {
            intercepts[t] = yMean[t] - w.Column(t) * xMean;
            for (var j = 0; j < d; j++)
                weights[t, j] = w[j, t];
        }
        return (weights, intercepts);
    }

    /// <inheritdoc/>
    protected override ClassModel FitCore(FloatMatrix features, ReadOnlySpan<int> labels, int classCount)
    {
        var targets = new double[features.Rows, classCount];
        for (var i = 0; i < features.Rows; i++)
        {
            for (var c = 0; c < classCount; c++)
                targets[i, c] = labels[i] == c ? 1 : -1;
        }
        var (weights, intercepts) = Solve(features, targets, penalty);
        return new LinearClassModel(weights, intercepts);
    }
}
