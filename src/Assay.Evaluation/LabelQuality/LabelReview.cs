namespace Assay.Evaluation;

/// <summary>What reviewers found a label to be.</summary>
public enum LabelVerdict
{
    /// <summary>The given label is right.</summary>
    Given,
    /// <summary>The guessed label is right instead: the label can be corrected.</summary>
    Correctable,
    /// <summary>Both labels are right.</summary>
    MultiLabel,
    /// <summary>Neither label is right.</summary>
    Neither,
    /// <summary>The label is wrong, but reviewers agree on nothing else.</summary>
    NonAgreement,
}

/// <summary>The votes of reviewers on one example.</summary>
/// <param name="Id">The example's id.</param>
/// <param name="GivenLabel">The given label.</param>
/// <param name="GuessedLabel">The label that the model guesses.</param>
/// <param name="Given">Votes for the given label.</param>
/// <param name="Guessed">Votes for the guessed label.</param>
/// <param name="Both">Votes that both are right.</param>
/// <param name="Neither">Votes that neither is right.</param>
/// <param name="Other">Other answers (neutral, off-topic): they count as disagreement.</param>
public sealed record LabelReview(string Id, string GivenLabel, string GuessedLabel, int Given, int Guessed, int Both, int Neither, int Other = 0)
{
    /// <summary>The number of votes.</summary>
    public int Votes => Given + Guessed + Both + Neither + Other;

    /// <summary>
    /// The verdict of at least 3 votes, as in the paper (whose items have five, some more), or of a majority where fewer than five voted: the
    /// label is right if it has so many; else correctable, multi-label or neither if that has; else non-agreement.
    /// </summary>
    public LabelVerdict Verdict
    {
        get
        {
            var needed = Math.Min(3, Votes / 2 + 1);
            return Given >= needed ? LabelVerdict.Given
                : Guessed >= needed ? LabelVerdict.Correctable
                : Both >= needed ? LabelVerdict.MultiLabel
                : Neither >= needed ? LabelVerdict.Neither
                : LabelVerdict.NonAgreement;
        }
    }
}
