using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Assay.Statistics;

namespace Assay.Evaluation;

/// <summary>
/// A fitted law that predicts a result (loss, error, accuracy) at another scale. Every law knows its parameters with intervals, the range it
/// was fitted on, and gives predictions with intervals: by the delta method with Student's t, or by percentiles of refits where it holds them.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "law")]
[JsonDerivedType(typeof(PowerLaw), "power-law")]
[JsonDerivedType(typeof(OverTrainingLaw), "over-training")]
[JsonDerivedType(typeof(ChinchillaLaw), "chinchilla")]
[JsonDerivedType(typeof(DownstreamErrorLaw), "downstream-error")]
[JsonDerivedType(typeof(KaplanLaw), "kaplan")]
[JsonDerivedType(typeof(LearningCurve), "learning-curve")]
[JsonDerivedType(typeof(PassRateLaw), "pass-rate")]
[JsonDerivedType(typeof(DifficultyScaling), "difficulty")]
public abstract record ScalingLaw
{
    /// <summary>The names of the abscissas, in the order that <see cref="Value"/> takes them: n, d, steps, batch, loss, compute.</summary>
    [JsonIgnore]
    public abstract ImmutableArray<string> Variables { get; }

    /// <summary>What is predicted: loss, error, accuracy.</summary>
    [JsonIgnore]
    public virtual string Response => "loss";

    /// <summary>The formula, for people.</summary>
    [JsonIgnore]
    public abstract string Formula { get; }

    /// <summary>The fit.</summary>
    public required LawFit Fit { get; init; }

    /// <summary>The observations it was fitted on.</summary>
    public ImmutableArray<LawPoint> Points { get; init; } = [];

    /// <summary>What a reader must know: too few runs, a parameter at its bound, a disagreement.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];

    /// <summary>Whether a prediction's interval is cut to [0, 1].</summary>
    [JsonIgnore]
    protected virtual bool IsShare => false;

    /// <summary>The names of θ; those whose logarithm is fitted are marked.</summary>
    [JsonIgnore]
    protected internal abstract ImmutableArray<(string Name, bool IsLog)> Theta { get; }

    /// <summary>f(x; θ) and its gradient in θ.</summary>
    protected internal abstract double Evaluate(ReadOnlySpan<double> at, ReadOnlySpan<double> theta, Span<double> gradient);

    /// <summary>The parameters with intervals at 95 %.</summary>
    [JsonIgnore]
    public virtual ImmutableArray<LawParameter> Parameters =>
    [
        .. Theta.Select((p, i) => new LawParameter(p.Name, Fit.Parameter(i, p.IsLog))),
    ];

    /// <summary>The prediction at a point.</summary>
    /// <param name="at">A value for each of <see cref="Variables"/>.</param>
    public double Value(params ReadOnlySpan<double> at)
    {
        Check(at);
        Span<double> gradient = stackalloc double[Math.Max(1, Fit.Theta.Length)];
        return Evaluate(at, Fit.Theta.AsSpan(), gradient[..Fit.Theta.Length]);
    }

    /// <summary>The prediction at a point with its interval.</summary>
    /// <param name="at">A value for each of <see cref="Variables"/>.</param>
    /// <param name="ofCurve">Whether the interval is of the curve; otherwise it holds a new run, noise included.</param>
    /// <param name="level">The confidence level.</param>
    public virtual Estimate Predict(ReadOnlySpan<double> at, bool ofCurve = false, double level = 0.95)
    {
        Check(at);
        var estimate = Fit.Predict(Evaluate, at, ofCurve, level);
        return IsShare ? estimate with { Interval = estimate.Interval.Clip(0, 1) } : estimate;
    }

    /// <summary>
    /// How far a point lies outside what was fitted: for each variable the factor by which it exceeds the greatest value (or falls below the
    /// least), 1 inside.
    /// </summary>
    public ImmutableArray<LawReach> Reach(ReadOnlySpan<double> at)
    {
        Check(at);
        var reach = ImmutableArray.CreateBuilder<LawReach>(at.Length);
        for (var v = 0; v < at.Length; v++)
        {
            if (Points.IsEmpty)
            {
                reach.Add(new LawReach(Variables[v], at[v], double.NaN, double.NaN));
                continue;
            }
            var column = v;
            reach.Add(new LawReach(Variables[v], at[v], Points.Min(p => p.At[column]), Points.Max(p => p.At[column])));
        }
        return reach.ToImmutable();
    }

    private void Check(ReadOnlySpan<double> at)
    {
        if (at.Length != Variables.Length)
            throw new ArgumentException($"{at.Length} values for the variables {string.Join(", ", Variables)}");
        for (var i = 0; i < at.Length; i++)
        {
            if (!(at[i] > 0))
                throw new ArgumentOutOfRangeException(nameof(at), at[i], $"{Variables[i]} must be positive");
        }
    }
}

/// <summary>An observation behind a law.</summary>
/// <param name="At">The abscissas, in the order of the law's variables.</param>
/// <param name="Value">The observed loss, error or accuracy.</param>
/// <param name="Name">What it is: a run, a model; may be empty.</param>
public sealed record LawPoint(ImmutableArray<double> At, double Value, string Name = "");

/// <summary>A parameter of a law.</summary>
/// <param name="Name">Its symbol.</param>
/// <param name="Estimate">Its value and interval.</param>
public sealed record LawParameter(string Name, Estimate Estimate);

/// <summary>Where a prediction lies relative to the fitted range of a variable.</summary>
/// <param name="Variable">The variable.</param>
/// <param name="At">The predicted point.</param>
/// <param name="Low">The least fitted value.</param>
/// <param name="High">The greatest fitted value.</param>
public sealed record LawReach(string Variable, double At, double Low, double High)
{
    /// <summary>The factor outside the range: At/High or Low/At; 1 inside.</summary>
    public double Factor => At > High ? At / High : At < Low ? Low / At : 1;
}
