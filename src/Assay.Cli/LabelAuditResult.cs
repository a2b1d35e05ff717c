using System.Collections.Immutable;
using Assay.Evaluation;

namespace Assay.Cli;

/// <summary>What <c>assay audit labels</c> found.</summary>
/// <param name="Model">The model whose predictions were audited.</param>
/// <param name="Count">The number of examples.</param>
/// <param name="Filter">Which labels were flagged.</param>
/// <param name="Rank">What they are ranked by.</param>
/// <param name="Flagged">How many were flagged.</param>
/// <param name="EstimatedErrorShare">The estimated share of wrong labels.</param>
/// <param name="Warnings">What makes the result doubtful.</param>
/// <param name="Confusions">The estimated confusions of labels.</param>
/// <param name="Suspicious">The flagged labels, the most suspicious first.</param>
/// <param name="Review">What the review changed, or null without verdicts.</param>
internal sealed record LabelAuditResult(
    string Model, int Count, LabelFilter Filter, LabelScoring Rank, int Flagged, double EstimatedErrorShare, ImmutableArray<string> Warnings,
    ImmutableArray<LabelConfusion> Confusions, ImmutableArray<SuspiciousLabel> Suspicious, LabelReviewResult? Review);

/// <summary>What a review changed.</summary>
/// <param name="Verdicts">How often each verdict was given.</param>
/// <param name="Corrected">How many labels were corrected.</param>
/// <param name="Dropped">How many examples leave the set.</param>
/// <param name="Remaining">How many remain.</param>
/// <param name="Models">The accuracy of each model on the remaining examples.</param>
/// <param name="NaturalPrevalence">The share of the remaining examples whose label was wrong.</param>
/// <param name="FlipOnCorrected">The prevalence where the ranking of two models on corrected labels flips, or null.</param>
internal sealed record LabelReviewResult(
    ImmutableSortedDictionary<string, int> Verdicts, int Corrected, int Dropped, int Remaining, ImmutableArray<ReviewedModel> Models, double NaturalPrevalence, double? FlipOnCorrected);

/// <summary>A model on original and corrected labels.</summary>
internal sealed record ReviewedModel(string Model, double OriginalAccuracy, double CorrectedAccuracy);
