namespace Assay.Evaluation;

/// <summary>Another wording of a question.</summary>
/// <param name="Text">The wording; the original where none passed the check.</param>
/// <param name="Fault">Why the last attempt did not pass, or null.</param>
/// <param name="Attempts">How many wordings were tried.</param>
public sealed record Rephrasing(string Text, string? Fault, int Attempts)
{
    /// <summary>Whether the wording passed the check. One that did not is left out of comparisons.</summary>
    public bool IsValid => Fault is null;
}

/// <summary>Rewords questions at a distortion level μ: 0 changes nothing, larger changes more.</summary>
public abstract class Rephraser
{
    /// <summary>How many wordings are tried until one passes <see cref="RephrasingCheck"/>.</summary>
    public virtual int Attempts => 3;

    /// <summary>Rewords a question. Its options and key stay.</summary>
    /// <param name="question">The question.</param>
    /// <param name="mu">μ ≥ 0.</param>
    /// <param name="seed">The seed; the same seed gives the same text where the rephraser can promise it.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="ArgumentOutOfRangeException">μ is negative or not finite.</exception>
    public async Task<Rephrasing> RephraseAsync(string question, double mu, long seed = 0, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(question);
        if (!(mu >= 0 && double.IsFinite(mu)))
            throw new ArgumentOutOfRangeException(nameof(mu), mu, "a distortion of 0 or more was expected");
        if (mu == 0)
            return new Rephrasing(question, null, 0);
        string? fault = null;
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            var text = await ProposeAsync(question, mu, unchecked(seed + (attempt - 1) * 7919L), cancellation).ConfigureAwait(false);
            fault = RephrasingCheck.Fault(question, text);
            if (fault is null)
                return new Rephrasing(text, null, attempt);
        }
        return new Rephrasing(question, fault, Attempts);
    }

    /// <summary>Proposes a wording.</summary>
    protected abstract Task<string> ProposeAsync(string question, double mu, long seed, CancellationToken cancellation);
}
