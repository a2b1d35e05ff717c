using System.Reflection;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>What a metric needs to know of a prediction.</summary>
public enum MetricInput
{
    /// <summary>The predicted class.</summary>
    Classes,
    /// <summary>A probability for each class.</summary>
    Probabilities,
    /// <summary>A predicted real value.</summary>
    Values,
}

/// <summary>
/// A number that says how good predictions are, with a confidence interval. Every metric is a function of a <see cref="Tally"/>, which is
/// filled block by block and merged across threads and machines; metrics with the same <see cref="TallyKey"/> share one tally.
/// <see cref="MetricAccumulator"/> streams, <see cref="Evaluate"/> is the same as a pure function.
/// </summary>
[MethodValue]
public abstract class Metric
{
    /// <summary>Creates the metric; its name comes from its <see cref="MethodAttribute"/>.</summary>
    /// <exception cref="InvalidOperationException">The type carries no <see cref="MethodAttribute"/>.</exception>
    protected Metric() => Name = GetType().GetCustomAttribute<MethodAttribute>()?.Name
        ?? throw new InvalidOperationException($"metric {GetType().Name} has no [Method] name");

    /// <summary>The name in results: the method's name, followed by its variant where there are several.</summary>
    public string Name { get; protected init; }

    /// <summary>The name for people.</summary>
    public abstract string Title { get; }

    /// <summary>What it needs to know of a prediction.</summary>
    public abstract MetricInput Input { get; }

    /// <summary>Whether more is better.</summary>
    public virtual bool HigherIsBetter => true;

    /// <summary>Equal for metrics that can be computed from one and the same tally.</summary>
    public virtual object TallyKey => this;

    /// <summary>An empty tally.</summary>
    /// <param name="classCount">The number of classes; 1 for regression.</param>
    public abstract Tally CreateTally(int classCount);

    /// <summary>
    /// An empty tally whose memory does not grow with the number of rows. Where <see cref="CreateTally"/> keeps scores in order to sort them, this one
    /// counts them in some 10⁵ buckets by their odds: the metric then differs by less than is ever printed. The same tally where that one is bounded already.
    /// </summary>
    /// <param name="classCount">The number of classes; 1 for regression.</param>
    public virtual Tally CreateBoundedTally(int classCount) => CreateTally(classCount);

    /// <summary>The metric of what the tally has seen, with its interval.</summary>
    /// <param name="tally">A tally of <see cref="CreateTally"/> of this metric or of one with the same key.</param>
    /// <param name="level">The confidence level.</param>
    public abstract Estimate Result(Tally tally, double level = 0.95);

    /// <summary>The metric of predictions: what streaming them through a tally gives.</summary>
    /// <exception cref="ArgumentException">The predictions are not valid, carry no truth, or do not give what the metric needs.</exception>
    public Estimate Evaluate(Predictions predictions, double level = 0.95)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        predictions.Validate();
        predictions.RequireTruth();
        if (!AppliesTo(predictions.Kind))
            throw new ArgumentException($"{Name} needs {Input.ToString().ToLowerInvariant()}, '{predictions.Model}' gives {predictions.Kind.ToString().ToLowerInvariant()}", nameof(predictions));
        return MetricAccumulator.Over(predictions, [this]).Result(level)[0].Estimate;
    }

    /// <summary>Whether predictions of that kind give what the metric needs.</summary>
    public bool AppliesTo(ScoreKind kind) => Input switch
    {
        MetricInput.Values => kind == ScoreKind.Values,
        MetricInput.Probabilities => kind is ScoreKind.Probabilities or ScoreKind.Logits,
        _ => kind != ScoreKind.Values,
    };

    /// <summary>The metrics that a judgement reports unless told otherwise.</summary>
    public static IReadOnlyList<Metric> Defaults { get; } =
    [
        new Accuracy(), new BalancedAccuracy(), new F1(F1Average.Macro), new F1(F1Average.Micro), new F1(F1Average.Weighted),
        new MatthewsCorrelation(), new CohenKappa(), new LogLoss(), new BrierScore(), new RocAuc(), new AveragePrecision(),
        new ExpectedCalibrationError(), new ExpectedCalibrationError(scheme: BinScheme.EqualMass),
        new RSquared(), new MeanAbsoluteError(), new RootMeanSquaredError(),
    ];
}

/// <summary>The value of one metric on one set of predictions.</summary>
/// <param name="Name">The metric's name.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="HigherIsBetter">Whether more is better.</param>
/// <param name="Estimate">The value and its interval; undefined where the data do not allow it.</param>
public sealed record MetricResult(string Name, string Title, bool HigherIsBetter, Estimate Estimate);
