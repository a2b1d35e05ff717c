using System.Collections.Immutable;
using Assay.Data;
using Assay.Statistics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Lab;

/// <summary>What is to be learnt from averages.</summary>
/// <param name="Data">The rows with their averages.</param>
/// <param name="Rho">ρ, or null to choose it by held-out bags.</param>
/// <param name="Model"><c>linear</c> for the closed form, else a network.</param>
/// <param name="Epochs">The passes over the bags, for a network.</param>
/// <param name="Seed">Decides folds and initial weights.</param>
/// <param name="Test">Rows with known responses, or null.</param>
public sealed record AggregateFitRequest(BagData Data, double? Rho, string Model, int Epochs, long Seed, (FloatMatrix Features, double[] Responses)? Test);

/// <summary>What was learnt.</summary>
/// <param name="Model">The model.</param>
/// <param name="Rows">The number of rows.</param>
/// <param name="Bags">The number of bags.</param>
/// <param name="Rho">ρ.</param>
/// <param name="Curve">The loss on held-out bags over ρ; empty where ρ was given.</param>
/// <param name="WithinVariance">The variance of predictions within bags.</param>
/// <param name="TestRmse">The root mean squared error on labelled rows, or null.</param>
/// <param name="ConstantRmse">That of the constant that predicts the mean of the averages, or null.</param>
/// <param name="Predictions">The predictions of the rows, or of the labelled rows where those are given.</param>
/// <param name="Warnings">What to know.</param>
public sealed record AggregateFitResult(
    string Model, int Rows, int Bags, double Rho, ImmutableArray<RhoScore> Curve, double WithinVariance, double? TestRmse, double? ConstantRmse, ImmutableArray<double> Predictions,
    ImmutableArray<string> Warnings);

/// <summary>Learns a model of rows from averages of bags, features standardised, ρ by held-out bags where it is not given.</summary>
public static class AggregateFit
{
    /// <summary>Learns.</summary>
    public static AggregateFitResult Run(AggregateFitRequest request, MethodCatalog catalog, IProgress<ProgressUpdate>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(catalog);
        var scaling = Standardizer.Fit(request.Data.Features);
        var data = new BagData(scaling.Apply(request.Data.Features), request.Data.Bags, request.Data.Means);
        var judged = request.Test is { } test ? scaling.Apply(test.Features) : data.Features;
        var warnings = ImmutableArray.CreateBuilder<string>();
        var (predictions, within, rho, curve) = request.Model.Trim() == "linear" ? Linear(request, data, judged, warnings) : Network(request, catalog, data, judged, progress, cancellation);
        var mean = data.Means.Zip(data.Sizes, (m, k) => m * k).Sum() / data.Features.Rows;
        double? Error(Func<int, double> predict) => request.Test is { } t ? Math.Sqrt(t.Responses.Select((y, i) => Math.Pow(y - predict(i), 2)).Average()) : null;
        return new AggregateFitResult(request.Model.Trim(), data.Features.Rows, data.Count, rho, curve, within, Error(i => predictions[i]), Error(_ => mean), [.. predictions], warnings.ToImmutable());
    }

    private static (double[] Predictions, double Within, double Rho, ImmutableArray<RhoScore> Curve) Linear(AggregateFitRequest request, BagData data, FloatMatrix judged, ImmutableArray<string>.Builder warnings)
    {
        var fit = new LinearAggregate(data.Features, data.Bags.AsSpan(), data.Means.AsSpan());
        var (rho, curve) = request.Rho is { } given ? (given, []) : fit.SelectRho(folds: Math.Min(5, data.Count), seed: request.Seed);
        var model = fit.Fit(rho);
        if (model.IsMinimumNorm)
            warnings.Add($"{data.Count} bags do not determine {data.Features.Columns} features: the solution of least norm was taken; ρ above 0, or smaller bags, would help");
        return (model.Predict(judged), fit.WithinVariance(model), rho, curve);
    }

    private static (double[] Predictions, double Within, double Rho, ImmutableArray<RhoScore> Curve) Network(
        AggregateFitRequest request, MethodCatalog catalog, BagData data, FloatMatrix judged, IProgress<ProgressUpdate>? progress, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        var spec = catalog.Create<ModelSpec>(request.Model);
        // Responses to unit deviation of the averages, or a network would spend its epochs on their size.
        var centre = data.Means.Average();
        var scale = Math.Max(1e-12, Math.Sqrt(data.Means.Average(m => (m - centre) * (m - centre))));
        var scaled = new BagData(data.Features, data.Bags, [.. data.Means.Select(m => (m - centre) / scale)]);
        AggregateTraining Of(double rho) => new(spec, rho: rho, epochs: request.Epochs);
        var context = new TrainingContext { Seed = request.Seed, Cancellation = cancellation };
        var curve = ImmutableArray<RhoScore>.Empty;
        if (request.Rho is null)
        {
            var (train, held) = Divide(scaled, request.Seed);
            curve = [.. LinearAggregate.DefaultGrid.Select((rho, i) =>
            {
                progress?.Report(new ProgressUpdate("choosing ρ", i, LinearAggregate.DefaultGrid.Length));
                using var trained = Of(rho).Fit(train, null, context);
                return new RhoScore(rho, scale * scale * Of(rho).HeldOutLoss(trained, held), double.NaN);
            })];
        }
        var best = request.Rho ?? curve.MinBy(c => c.BagLoss).Rho;
        progress?.Report(new ProgressUpdate("training"));
        using var model = Of(best).Fit(scaled, null, context);
        double[] Predict(FloatMatrix x) => [.. model.Scores(tensor(x.Values.ToArray(), [x.Rows, x.Columns])).data<float>().Select(v => centre + scale * v)];
        var own = Predict(data.Features);
        var means = new double[data.Count];
        for (var i = 0; i < own.Length; i++)
            means[data.Bags[i]] += own[i] / data.Sizes[data.Bags[i]];
        return (ReferenceEquals(judged, data.Features) ? own : Predict(judged), own.Select((f, i) => Math.Pow(f - means[data.Bags[i]], 2)).Average(), best, curve);
    }

    // One bag in five is held out.
    private static (BagData Train, BagData Held) Divide(BagData data, long seed)
    {
        var held = SeededRandom.At(seed, 473).Permutation(data.Count).Take(Math.Max(1, data.Count / 5)).ToHashSet();
        return (Part(a => !held.Contains(a)), Part(held.Contains));

        BagData Part(Func<int, bool> isIn)
        {
            var kept = Enumerable.Range(0, data.Count).Where(isIn).ToArray();
            var number = kept.Select((a, i) => (a, i)).ToDictionary(p => p.a, p => p.i);
            var rows = Enumerable.Range(0, data.Features.Rows).Where(i => isIn(data.Bags[i])).ToArray();
            return rows.Length == 0
                ? throw new ArgumentException($"{data.Count} bags are too few to hold some out; give --rho")
                : new BagData(data.Features.Select(rows), [.. rows.Select(i => number[data.Bags[i]])], [.. kept.Select(a => data.Means[a])]);
        }
    }
}
