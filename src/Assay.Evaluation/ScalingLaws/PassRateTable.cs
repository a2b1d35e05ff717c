using System.Collections.Immutable;

namespace Assay.Evaluation;

/// <summary>The pass rates of models on the questions of one benchmark.</summary>
/// <param name="Questions">The names of the questions.</param>
/// <param name="Models">The models.</param>
/// <param name="Rates">A row for each question, a pass rate (0 to 1) for each model.</param>
public sealed record PassRateTable(ImmutableArray<string> Questions, ImmutableArray<ScaledModel> Models, ImmutableArray<ImmutableArray<double>> Rates)
{
    /// <summary>Questions that were dropped because a pass rate was missing.</summary>
    public ImmutableArray<string> Dropped { get; init; } = [];

    /// <summary>A table of rates alone.</summary>
    /// <param name="rates">A row for each question, a column for each model.</param>
    /// <param name="compute">The compute of each model.</param>
    /// <param name="trials">The samples behind each rate.</param>
    public static PassRateTable Of(IReadOnlyList<double[]> rates, IReadOnlyList<double> compute, int trials = 1)
    {
        ArgumentNullException.ThrowIfNull(rates);
        ArgumentNullException.ThrowIfNull(compute);
        return new PassRateTable(
            [.. rates.Select((_, i) => $"q{i + 1}")], [.. compute.Select((c, j) => new ScaledModel($"m{j + 1}", c, trials))], [.. rates.Select(r => (ImmutableArray<double>)[.. r])]).Checked();
    }

    /// <summary>The mean pass rate of a model.</summary>
    /// <param name="model">The model's column.</param>
    public double Mean(int model) => Rates.Average(r => r[model]);

    /// <summary>The mean pass rate of a model on some questions.</summary>
    public double Mean(int model, IEnumerable<int> questions) => questions.Average(q => Rates[q][model]);

    /// <summary>The table without some models.</summary>
    public PassRateTable Select(IReadOnlyList<int> models) => this with { Models = [.. models.Select(m => Models[m])], Rates = [.. Rates.Select(r => (ImmutableArray<double>)[.. models.Select(m => r[m])])] };

    /// <summary>Checks the table, drops questions with missing rates and orders the models by compute.</summary>
    /// <exception cref="ArgumentException">Rates outside [0, 1], rows of unequal length, compute that is not positive, or no question without gaps.</exception>
    public PassRateTable Checked()
    {
        LawData.CheckPositive([.. Models.Select(m => m.Compute)], "compute");
        for (var q = 0; q < Rates.Length; q++)
        {
            if (Rates[q].Length != Models.Length)
                throw new ArgumentException($"question {Questions[q]} has {Rates[q].Length} pass rates for {Models.Length} models");
            if (Rates[q].FirstOrDefault(r => r is < 0 or > 1) is var bad and (< 0 or > 1))
                throw new ArgumentException($"question {Questions[q]} has a pass rate of {bad}: a share between 0 and 1 was expected");
        }
        var whole = Enumerable.Range(0, Rates.Length).Where(q => Rates[q].All(double.IsFinite)).ToArray();
        if (whole.Length == 0)
            throw new ArgumentException("no question has a pass rate for every model");
        var order = Enumerable.Range(0, Models.Length).OrderBy(m => Models[m].Compute).ToArray();
        return new PassRateTable([.. whole.Select(q => Questions[q])], Models, [.. whole.Select(q => Rates[q])])
        {
            Dropped = [.. Dropped, .. Enumerable.Range(0, Rates.Length).Except(whole).Select(q => Questions[q])],
        }.Select(order);
    }
}

/// <summary>A model on the axis of compute.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Compute">Its training compute, in one unit for all.</param>
/// <param name="Trials">The samples behind each of its pass rates.</param>
public sealed record ScaledModel(string Name, double Compute, int Trials = 1);
