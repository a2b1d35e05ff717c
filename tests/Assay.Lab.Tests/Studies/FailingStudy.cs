using System.Collections.Immutable;

namespace Assay.Lab.Tests;

/// <summary>A study that breaks down halfway.</summary>
public sealed class FailingStudy : Study
{
    public override StudyInfo Info { get; } = new("failing", 92, "On failing (2002)", "Breaks down.");

    public override ImmutableArray<Claim> Claims { get; } = [new("c", "It works.", "yes", "whether it works", "", ClaimDirection.AtLeast, 1)];

    public override void Run(StudyContext context)
    {
        context.Measure("c", 0, 1);
        throw new InvalidOperationException("the loss is not finite");
    }
}
