namespace Assay.Lab;

/// <summary>What a study is given to run with, and where it puts what it measures.</summary>
public sealed class StudyContext
{
    private readonly Dictionary<string, List<(int Seed, double Value)>> measurements = new(StringComparer.Ordinal);
    private readonly List<(string Name, double Value)> observations = [];

    /// <summary>How much work to do.</summary>
    public required StudyScale Scale { get; init; }

    /// <summary>The seeds to measure with.</summary>
    public required IReadOnlyList<int> Seeds { get; init; }

    /// <summary>Cancels the study.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Takes a line of progress and the fraction done, 0 to 1.</summary>
    public Action<string, double> Progress { get; init; } = static (_, _) => { };

    /// <summary>Records one measurement of a claim's quantity. Quantities without chance are measured once.</summary>
    /// <param name="claim">The claim's id.</param>
    /// <param name="seed">The seed it was measured with.</param>
    /// <param name="value">The value, in the claim's unit.</param>
    public void Measure(string claim, int seed, double value)
    {
        if (!measurements.TryGetValue(claim, out var list))
            measurements.Add(claim, list = []);
        list.Add((seed, value));
    }

    /// <summary>Records a figure worth reporting that no claim depends on: an accuracy, a time, a control.</summary>
    /// <param name="name">What it is, with its unit.</param>
    /// <param name="value">The value; several of the same name are averaged in the report.</param>
    public void Observe(string name, double value) => observations.Add((name, value));

    /// <summary>All measurements by claim.</summary>
    public IReadOnlyDictionary<string, List<(int Seed, double Value)>> Measurements => measurements;

    /// <summary>All observations in order.</summary>
    public IReadOnlyList<(string Name, double Value)> Observations => observations;
}
