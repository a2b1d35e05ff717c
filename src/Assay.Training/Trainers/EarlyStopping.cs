namespace Assay.Training;

/// <summary>
/// The stopping rule that all trainers share. A value is an improvement if and only if it is below the best by more than
/// <paramref name="minDelta"/> (above, when larger is better); otherwise, and for NaN, a counter rises; at <paramref name="patience"/>
/// training stops.
/// </summary>
/// <param name="patience">How many values without improvement are borne, 1 or more.</param>
/// <param name="minDelta">By how much a value must beat the best, 0 or more.</param>
/// <param name="largerIsBetter">Whether the value is an accuracy rather than a loss.</param>
public sealed class EarlyStoppingRule(int patience, double minDelta = 0, bool largerIsBetter = false)
{
    private readonly int patience = patience > 0 ? patience : throw new ArgumentOutOfRangeException(nameof(patience), patience, "1 or more was expected");
    private readonly double minDelta = minDelta >= 0 ? minDelta : throw new ArgumentOutOfRangeException(nameof(minDelta), minDelta, "0 or more was expected");

    /// <summary>The best value so far, or NaN before the first.</summary>
    public double Best { get; private set; } = double.NaN;

    /// <summary>The number of values since the last improvement.</summary>
    public int Counter { get; private set; }

    /// <summary>Whether training should stop.</summary>
    public bool ShouldStop => Counter >= patience;

    /// <summary>Takes the next value.</summary>
    /// <returns>Whether it is an improvement.</returns>
    public bool Update(double value)
    {
        var improved = double.IsNaN(Best) ? !double.IsNaN(value) : largerIsBetter ? value > Best + minDelta : value < Best - minDelta;
        if (improved)
            (Best, Counter) = (value, 0);
        else
            Counter++;
        return improved;
    }

    /// <summary>Puts back the state of an earlier run.</summary>
    internal void Restore(double best, int counter) => (Best, Counter) = (best, counter);
}

/// <summary>When to stop before the last epoch.</summary>
/// <param name="Patience">How many evaluations without improvement are borne.</param>
/// <param name="MinDelta">By how much an evaluation must beat the best.</param>
/// <param name="OnAccuracy">Whether to watch the validation accuracy instead of the validation loss.</param>
/// <param name="RestoreBest">Whether to end with the weights of the best evaluation instead of the last.</param>
public sealed record EarlyStopping(int Patience = 5, double MinDelta = 0, bool OnAccuracy = false, bool RestoreBest = true);
