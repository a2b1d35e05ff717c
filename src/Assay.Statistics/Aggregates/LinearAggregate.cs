using System.Collections.Immutable;
using MathNet.Numerics.LinearAlgebra;

namespace Assay.Statistics;

/// <summary>A linear model of rows that was learnt from averages of bags.</summary>
/// <param name="Weights">One weight a feature.</param>
/// <param name="Intercept">The intercept; 0 where none was fitted.</param>
/// <param name="Rho">ρ, the share of the instance-level loss.</param>
/// <param name="IsMinimumNorm">Whether the equations were singular and the solution of least norm was taken: too few bags for the features, with ρ = 0.</param>
public sealed record LinearAggregateModel(ImmutableArray<double> Weights, double Intercept, double Rho, bool IsMinimumNorm)
{
    /// <summary>The prediction of each row.</summary>
    public double[] Predict(FloatMatrix features)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Columns != Weights.Length)
            throw new ArgumentException($"{Weights.Length} features were expected, not {features.Columns}", nameof(features));
        var predictions = new double[features.Rows];
        for (var i = 0; i < predictions.Length; i++)
        {
            var sum = Intercept;
            var row = features.Row(i);
            for (var j = 0; j < row.Length; j++)
                sum += Weights[j] * row[j];
            predictions[i] = sum;
        }
        return predictions;
    }
}

/// <summary>The loss on held-out bags for one ρ.</summary>
/// <param name="Rho">ρ.</param>
/// <param name="BagLoss">The mean over folds of the squared error of bag averages.</param>
/// <param name="StandardError">Its standard error over folds.</param>
public readonly record struct RhoScore(double Rho, double BagLoss, double StandardError);

/// <summary>
/// Least squares from averages ȳ_a of bags of rows (Javanmard et al. 2024, arXiv 2401.11081). It minimises
/// (1 − ρ)·L_bag + ρ·L_ins = L_bag + ρR, with L_bag = Σ_a (k_a/n)(ȳ_a − f̄_a)², L_ins = (1/n) Σ_i (ȳ_a(i) − f_i)² and so
/// R = (1/n) Σ_i (f_i − f̄_a(i))², the variance of predictions within bags, which no label enters:
/// θ(ρ) = [(1 − ρ) S_bag + ρ S_ins + λI]⁻¹ v. With random bags ρ = 0 is unbiased and varies most; ρ = 1 shrinks by the bag size.
/// </summary>
[Method("linear-aggregate", Paper = 47, Kind = MethodKind.Model)]
public sealed class LinearAggregate
{
    private readonly Matrix<double>[] within; // by bag: Σ_i (x_i − x̄)(x_i − x̄)ᵀ
    private readonly Vector<double>[] centres; // by bag: x̄, with the constant last where there is an intercept
    private readonly double[] means;
    private readonly int[] sizes;
    private readonly int features;
    private readonly bool hasIntercept;

    /// <summary>The values of ρ that are tried by default.</summary>
    public static ImmutableArray<double> DefaultGrid { get; } = [0, .01, .02, .05, .1, .2, .5, 1];

    /// <summary>Sums up the data once for any number of fits.</summary>
    /// <param name="features">One row for each example.</param>
    /// <param name="bags">The bag of each row, 0 … m − 1.</param>
    /// <param name="means">The average response of each bag.</param>
    /// <param name="intercept">Whether an intercept is fitted.</param>
    /// <exception cref="ArgumentException">A bag has no rows, a number is not finite, or lengths differ.</exception>
    public LinearAggregate(FloatMatrix features, ReadOnlySpan<int> bags, ReadOnlySpan<double> means, bool intercept = true)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (bags.Length != features.Rows)
            throw new ArgumentException($"{bags.Length} bag numbers for {features.Rows} rows", nameof(bags));
        if (means.IsEmpty || bags.ContainsAnyExceptInRange(0, means.Length - 1))
            throw new ArgumentException($"bag numbers from 0 to {means.Length - 1} were expected", nameof(bags));
        foreach (var mean in means)
        {
            if (!double.IsFinite(mean))
                throw new ArgumentException($"an average is {mean}", nameof(means));
        }
        (this.features, hasIntercept, this.means) = (features.Columns, intercept, means.ToArray());
        var width = features.Columns + (intercept ? 1 : 0);
        sizes = new int[means.Length];
        centres = [.. Enumerable.Range(0, sizes.Length).Select(_ => Vector<double>.Build.Dense(width))];
        within = [.. Enumerable.Range(0, sizes.Length).Select(_ => Matrix<double>.Build.Dense(width, width))];
        var rows = new double[features.Rows][];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = new double[width];
            for (var j = 0; j < width; j++)
                rows[i][j] = j < features.Columns ? features[i, j] : 1;
            sizes[bags[i]]++;
            centres[bags[i]].Add(Vector<double>.Build.Dense(rows[i]), centres[bags[i]]);
        }
        for (var a = 0; a < sizes.Length; a++)
        {
            if (sizes[a] == 0)
                throw new ArgumentException($"bag {a} has no rows", nameof(bags));
            centres[a].Divide(sizes[a], centres[a]);
        }
        for (var i = 0; i < rows.Length; i++)
        {
            var (sum, centre) = (within[bags[i]], centres[bags[i]]);
            for (var j = 0; j < width; j++)
            {
                for (var l = 0; l <= j; l++)
                {
                    var product = (rows[i][j] - centre[j]) * (rows[i][l] - centre[l]);
                    sum[j, l] += product;
                    if (l < j)
                        sum[l, j] += product;
                }
            }
        }
    }

    /// <summary>The number of bags.</summary>
    public int BagCount => means.Length;

    /// <summary>Fits with one ρ.</summary>
    /// <param name="rho">ρ, 0 or more; above 1 it regularises still more.</param>
    /// <param name="ridge">λ, 0 or more; the intercept is not penalised.</param>
    public LinearAggregateModel Fit(double rho, double ridge = 0) => Fit(rho, ridge, _ => true);

    /// <summary>R of a model: the variance of its predictions within bags.</summary>
    public double WithinVariance(LinearAggregateModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var theta = Vector<double>.Build.Dense([.. model.Weights, .. hasIntercept ? new[] { model.Intercept } : []]);
        return within.Sum(w => theta * w * theta) / sizes.Sum();
    }

    /// <summary>Chooses ρ by cross-validation over whole bags with the bag-level loss, which needs no labels of rows.</summary>
    /// <param name="grid">The values to try; null takes <see cref="DefaultGrid"/>.</param>
    /// <param name="folds">The number of folds, 2 or more.</param>
    /// <param name="seed">Decides the folds.</param>
    /// <returns>The best ρ and the loss of each.</returns>
    public (double Rho, ImmutableArray<RhoScore> Curve) SelectRho(IReadOnlyList<double>? grid = null, int folds = 5, long seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 2);
        if (BagCount < folds)
            throw new ArgumentException($"{folds} folds need as many bags, there are {BagCount}");
        grid ??= DefaultGrid;
        var order = SeededRandom.At(seed, 47).Permutation(BagCount);
        var fold = new int[BagCount];
        for (var i = 0; i < order.Length; i++)
            fold[order[i]] = i % folds;
        var curve = grid.Select(rho =>
        {
            var losses = Enumerable.Range(0, folds).Select(f => HeldOut(Fit(rho, 0, a => fold[a] != f), a => fold[a] == f)).ToArray();
            var moments = Moments.Of(losses);
            return new RhoScore(rho, moments.Mean, moments.StandardDeviation / Math.Sqrt(folds));
        }).ToImmutableArray();
        return (curve.MinBy(c => c.BagLoss).Rho, curve);
    }

    private double HeldOut(LinearAggregateModel model, Func<int, bool> isIn)
    {
        var (sum, weight) = (0.0, 0.0);
        for (var a = 0; a < BagCount; a++)
        {
            if (!isIn(a))
                continue;
            var error = means[a] - model.Intercept;
            for (var j = 0; j < features; j++)
                error -= model.Weights[j] * centres[a][j];
            (sum, weight) = (sum + sizes[a] * error * error, weight + sizes[a]);
        }
        return sum / weight;
    }

    private LinearAggregateModel Fit(double rho, double ridge, Func<int, bool> isIn)
    {
        if (!(rho >= 0) || !double.IsFinite(rho))
            throw new ArgumentOutOfRangeException(nameof(rho), rho, "0 or more was expected");
        ArgumentOutOfRangeException.ThrowIfNegative(ridge);
        var width = centres[0].Count;
        var moment = Matrix<double>.Build.Dense(width, width);
        var v = Vector<double>.Build.Dense(width);
        var count = 0.0;
        for (var a = 0; a < BagCount; a++)
        {
            if (!isIn(a))
                continue;
            // (1 − ρ) S_bag + ρ S_ins = S_bag + ρ (the scatter within bags).
            moment += sizes[a] * centres[a].OuterProduct(centres[a]) + rho * within[a];
            v += sizes[a] * means[a] * centres[a];
            count += sizes[a];
        }
        moment /= count;
        v /= count;
        for (var j = 0; j < features; j++)
            moment[j, j] += ridge;
        var (theta, singular) = Solve(moment, v);
        return new LinearAggregateModel([.. theta.Take(features)], hasIntercept ? theta[^1] : 0, rho, singular);
    }

    internal static (Vector<double> Solution, bool IsMinimumNorm) Solve(Matrix<double> moment, Vector<double> v)
    {
        var eigen = moment.Evd(Symmetricity.Symmetric);
        var values = eigen.EigenValues.Real();
        var least = values.Maximum() * 1e-12 * moment.RowCount;
        var inverse = values.Map(l => l > least ? 1 / l : 0, Zeros.Include);
        return (eigen.EigenVectors * (inverse.PointwiseMultiply(eigen.EigenVectors.TransposeThisAndMultiply(v))), values.Minimum() <= least);
    }
}
