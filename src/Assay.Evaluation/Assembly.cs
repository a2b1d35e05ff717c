using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Assay.Evaluation.Tests")]
