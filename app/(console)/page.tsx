export default function OverviewPage() { return <h1 className="text-xl text-brand">hi</h1> }
